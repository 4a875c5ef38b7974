package admin

import (
	"context"
	"errors"
	"strings"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// NamesrvConfig is a name server's configuration (code 319).
func (a *Admin) NamesrvConfig(ctx context.Context, namesrv string) ([]properties.Entry, error) {
	answer, err := a.ask(ctx, namesrv, &remoting.Request{Code: protocol.GetNamesrvConfig})
	if err != nil {
		return nil, err
	}
	return properties.Parse(answer.Body)
}

// UpdateNamesrvConfig changes keys of every name server while it runs (code 318).
func (a *Admin) UpdateNamesrvConfig(ctx context.Context, changes ...properties.Entry) error {
	return a.tell(ctx, &remoting.Request{Code: protocol.UpdateNamesrvConfig, Body: properties.Append(nil, changes)})
}

// PutKV writes a value to every name server (code 100).
func (a *Admin) PutKV(ctx context.Context, namespace, key, value string) error {
	return a.tell(ctx, &remoting.Request{Code: protocol.PutKVConfig, Header: protocol.PutKVConfigRequest{Namespace: namespace, Key: key, Value: value}})
}

// DeleteKV takes a value from every name server (code 102).
func (a *Admin) DeleteKV(ctx context.Context, namespace, key string) error {
	return a.tell(ctx, &remoting.Request{Code: protocol.DeleteKVConfig, Header: protocol.DeleteKVConfigRequest{Namespace: namespace, Key: key}})
}

// tell asks every name server, also after one has failed.
func (a *Admin) tell(ctx context.Context, r *remoting.Request) error {
	var errs []error
	for _, namesrv := range a.namesrv {
		_, err := a.ask(ctx, namesrv, r)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// orderNamespace is where name servers keep which shards an ordered topic has.
const orderNamespace = "ORDER_TOPIC_CONFIG"

// SetOrder writes which shards an ordered topic has, "broker-a:4;broker-b:4", to
// every name server; where it is not for the whole cluster, what other shards have
// is kept.
func (a *Admin) SetOrder(ctx context.Context, topic, conf string, wholeCluster bool) error {
	if !wholeCluster {
		kept, err := a.Order(ctx, topic)
		if err != nil && !Has(err, protocol.QueryNotFound) {
			return err
		}
		conf = mergeOrder(kept, conf)
	}
	return a.PutKV(ctx, orderNamespace, topic, conf)
}

// DeleteOrder takes it from every name server.
func (a *Admin) DeleteOrder(ctx context.Context, topic string) error {
	return a.DeleteKV(ctx, orderNamespace, topic)
}

// Order is what SetOrder has written (code 101): QUERY_NOT_FOUND where that is nothing.
func (a *Admin) Order(ctx context.Context, topic string) (string, error) {
	answer, err := a.AskNamesrv(ctx, &remoting.Request{Code: protocol.GetKVConfig, Header: protocol.GetKVConfigRequest{Namespace: orderNamespace, Key: topic}})
	if err != nil {
		return "", err
	}
	var h protocol.GetKVConfigResponse
	err = h.Decode(answer.Ext)
	return h.Value, err
}

// mergeOrder puts one shard's entry into a list of them.
func mergeOrder(list, entry string) string {
	shard, _, _ := strings.Cut(entry, ":")
	var kept []string
	for _, e := range strings.Split(list, ";") {
		if name, _, _ := strings.Cut(e, ":"); e != "" && name != shard {
			kept = append(kept, e)
		}
	}
	return strings.Join(append(kept, entry), ";")
}
