//go:build record

package record

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/stage"
	"gantry/tools/compat/wire"
)

// TestEveryCommittedRegistrationComesFromTheReal533Broker records what a 5.3.3 broker says to its name server and 4.9.7's does
// not: heartbeats, member groups, single topics. To record them anew:
// go test -tags record ./record -run 533 -frames ../../../remoting/remotingtest/testdata
func TestEveryCommittedRegistrationComesFromTheReal533Broker(t *testing.T) {
	collection := NewCollection()
	home := t.TempDir()
	classpath := classpath533(t)
	block, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	config := realbroker.Config{Classpath: classpath, Dir: home, Ports: block, Properties: map[string]string{
		"enableSlaveActingMaster": "true", "compatibleWithOldNameSrv": "false", "enableSingleTopicRegister": "true",
		"forceRegister": "false",
	}}
	namesrv, err := realbroker.StartNamesrv(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(namesrv.Kill)
	config.RegisterAt = front(t, collection, "broker533", namesrv.Address)
	broker, err := realbroker.StartBroker(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Kill)
	createTopic(t, namesrv.Address, broker.Address)
	askAsTool(t, classpath, home, front(t, collection, "mqadmin533", namesrv.Address))
	for _, name := range []string{"322-query_data_version-request", "904-broker_heartbeat-request", "901-get_broker_member_group-reply"} {
		stage.Eventually(t, 30*time.Second, name, func() bool { return collection.has("broker533-" + name + ".frame") })
	}
	if err := broker.Stop(); err != nil { // it says goodbye to the name server
		t.Fatal(err)
	}
	checkCommitted(t, collection, "broker533", "mqadmin533")
}

func classpath533(t *testing.T) string {
	t.Helper()
	set, err := artifacts.Ensure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	classpath, err := set.Server533Classpath()
	if err != nil {
		t.Fatal(err)
	}
	return classpath
}

func front(t *testing.T, collection *Collection, label, upstream string) string {
	t.Helper()
	r, err := Listen(label, upstream, func(raw []byte) []byte { return raw }, collection.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r.Address()
}

// createTopic makes the broker tell of one topic alone, which it may do once it is registered.
func createTopic(t *testing.T, namesrv, broker string) {
	t.Helper()
	const updateAndCreateTopic = 17
	routed := func(topic string) bool {
		_, found, err := wire.AskRoute(t.Context(), namesrv, topic)
		return err == nil && found
	}
	stage.Eventually(t, 60*time.Second, "the broker's registration", func() bool { return routed("TBW102") })
	reply, err := wire.Ask(t.Context(), broker, updateAndCreateTopic, map[string]string{
		"topic": "recorded_topic", "defaultTopic": "TBW102", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
		"readQueueNums": "3", "writeQueueNums": "2", "perm": "6",
	}, nil)
	if err != nil || reply.Code != 0 {
		t.Fatalf("create a topic: %+v, %v", reply, err)
	}
	stage.Eventually(t, 10*time.Second, "the new topic's route", func() bool { return routed("recorded_topic") })
}

// askAsTool lets the official tool ask for what the name server answers in a form of its own.
func askAsTool(t *testing.T, classpath, home, namesrv string) {
	t.Helper()
	for _, args := range [][]string{{"clusterList"}, {"topicRoute", "-t", "recorded_topic"}} {
		output, err := realbroker.MQAdmin(t.Context(), classpath, filepath.Join(home, "tool"), append(args, "-n", namesrv)...)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(t.Output(), output)
	}
}
