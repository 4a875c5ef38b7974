package admin

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// ErrNoCluster says that the name servers know no cluster of a name.
type ErrNoCluster struct{ Name string }

func (e ErrNoCluster) Error() string {
	return "Make sure the specified clusterName exists or the name server connected to is correct: " + e.Name
}

// Cluster is who is registered (code 106).
func (a *Admin) Cluster(ctx context.Context) (info protocol.ClusterInfo, err error) {
	return info, a.namesrvBody(ctx, protocol.GetBrokerClusterInfo, nil, &info)
}

// Broker is one copy of a shard.
type Broker struct {
	Cluster string
	Name    string
	ID      int64 // 0: the master
	Addr    string
}

// Brokers are all that are registered, in order of cluster, name and id.
func Brokers(info protocol.ClusterInfo) (all []Broker) {
	for _, cluster := range slices.Sorted(maps.Keys(info.ClusterAddrTable)) {
		for _, name := range slices.Sorted(slices.Values(info.ClusterAddrTable[cluster])) {
			addrs := info.BrokerAddrTable[name].BrokerAddrs
			for _, id := range slices.Sorted(maps.Keys(addrs)) {
				all = append(all, Broker{cluster, name, id, addrs[id]})
			}
		}
	}
	return all
}

// ClusterBrokers are the brokers of one cluster; its error is an ErrNoCluster
// where there is none.
func (a *Admin) ClusterBrokers(ctx context.Context, cluster string) ([]Broker, error) {
	info, err := a.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	if _, known := info.ClusterAddrTable[cluster]; !known {
		return nil, ErrNoCluster{cluster}
	}
	return slices.DeleteFunc(Brokers(info), func(b Broker) bool { return b.Cluster != cluster }), nil
}

// Masters are the masters of one cluster.
func (a *Admin) Masters(ctx context.Context, cluster string) ([]Broker, error) {
	all, err := a.ClusterBrokers(ctx, cluster)
	return slices.DeleteFunc(all, func(b Broker) bool { return b.ID != 0 }), err
}

// BrokerAt is the broker that is registered with an address.
func (a *Admin) BrokerAt(ctx context.Context, addr string) (Broker, error) {
	info, err := a.Cluster(ctx)
	if err != nil {
		return Broker{}, err
	}
	for _, b := range Brokers(info) {
		if sameAddr(b.Addr, addr) {
			return b, nil
		}
	}
	return Broker{}, fmt.Errorf("no broker is registered with the address %s", addr)
}

// RuntimeInfo is what a broker says of itself (code 28).
func (a *Admin) RuntimeInfo(ctx context.Context, addr string) (map[string]string, error) {
	var table protocol.KVTable
	err := a.body(ctx, addr, protocol.GetBrokerRuntimeInfo, nil, &table)
	return table.Table, err
}

// BrokerConfig is a broker's configuration (code 26).
func (a *Admin) BrokerConfig(ctx context.Context, addr string) ([]properties.Entry, error) {
	answer, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.GetBrokerConfig})
	if err != nil {
		return nil, err
	}
	return properties.Parse(answer.Body)
}

// UpdateBrokerConfig changes keys of a broker while it runs (code 25).
func (a *Admin) UpdateBrokerConfig(ctx context.Context, addr string, changes ...properties.Entry) error {
	_, err := a.ask(ctx, addr, &remoting.Request{Code: protocol.UpdateBrokerConfig, Body: properties.Append(nil, changes)})
	return err
}

// WipeWritePerm takes the write permission from a shard's queues in one name
// server (code 205). It returns how many topics that touched.
func (a *Admin) WipeWritePerm(ctx context.Context, namesrv, brokerName string) (topics int32, err error) {
	answer, err := a.ask(ctx, namesrv, &remoting.Request{Code: protocol.WipeWritePermOfBroker, Header: protocol.WipeWritePermOfBrokerRequest{BrokerName: brokerName}})
	if err != nil {
		return 0, err
	}
	var h protocol.WipeWritePermOfBrokerResponse
	err = h.Decode(answer.Ext)
	return h.WipeTopicCount, err
}

// AddWritePerm is WipeWritePerm undone (code 327).
func (a *Admin) AddWritePerm(ctx context.Context, namesrv, brokerName string) (topics int32, err error) {
	answer, err := a.ask(ctx, namesrv, &remoting.Request{Code: protocol.AddWritePermOfBroker, Header: protocol.AddWritePermOfBrokerRequest{BrokerName: brokerName}})
	if err != nil {
		return 0, err
	}
	var h protocol.AddWritePermOfBrokerResponse
	err = h.Decode(answer.Ext)
	return h.AddTopicCount, err
}
