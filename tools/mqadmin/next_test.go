package mqadmin

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gantry/tools/client"
)

func TestAPermissionIsChangedInOneBrokerOrInAll(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		w.says("update topic perm from 6 to 4 in "+brokerA+" success.\n"+
			"TopicConfig [topicName=T, readQueueNums=1, writeQueueNums=1, perm=R--, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false].\n",
			"updateTopicPerm", "-t", "T", "-p", "4", "-b", brokerA)
		w.says("new perm equals to the old one!\n", "updateTopicPerm", "-t", "T", "-p", "4", "-b", brokerA)
		w.says("update topic perm from 4 to 6 in "+brokerA+" success.\nupdate topic perm from 4 to 6 in "+brokerB+" success.\n",
			"updateTopicPerm", "-t", "T", "-p", "6", "-c", "DefaultCluster")
		w.fails("broker not exit or broker is not master", "updateTopicPerm", "-t", "T", "-p", "4", "-b", "10.1.1.9:10911")
		w.fails(`option -p: "read" is no whole number`, "updateTopicPerm", "-t", "T", "-p", "read", "-b", brokerA)
		w.says("DefaultCluster\n", "topicClusterList", "-t", "T")
		w.fails("No topic route info in name server for the topic: U", "topicClusterList", "-t", "U")
	})
}

func TestMembersAndProducersAreListed(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		w.fails("the consumer group[g] not online", "consumerConnection", "-g", "g", "-b", brokerA)
		leave := w.member("g", "T")
		for _, at := range [][]string{nil, {"-b", brokerB}} {
			stdout, stderr, code := w.run(append([]string{"consumerConnection", "-g", "g"}, at...)...)
			want := fmt.Sprintf("%-36s %-22s %-10s %s\n%-36s ", "#ClientId", "#ClientAddr", "#Language", "#Version", "10.9.9.9@1")
			if code != 0 || !strings.HasPrefix(stdout, want) || !strings.Contains(stdout, " V4_9_7\n\nBelow is subscription:\n#Topic               #SubExpression\n%RETRY%g ") ||
				!strings.HasSuffix(stdout, "\nConsumeType: CONSUME_PASSIVELY\nMessageModel: CLUSTERING\nConsumeFromWhere: CONSUME_FROM_FIRST_OFFSET\n") {
				t.Errorf("%v: exit code %d, %s\n%s", at, code, stderr, stdout)
			}
		}
		w.fails("the producer group[nobody] not exist", "producerConnection", "-g", "nobody", "-t", "T")
		leave()
		c := w.client()
		defer c.Close()
		if _, err := c.Producer(client.ProducerConfig{Group: "makers"}).Send(context.Background(), &client.Message{Topic: "T"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // a heartbeat
		stdout, _, code := w.run("producerConnection", "-g", "makers", "-t", "T")
		if code != 0 || !strings.HasPrefix(stdout, "0001  10.9.9.9@1                       ") || !strings.HasSuffix(stdout, " V4_9_7\n") {
			t.Errorf("exit code %d\n%s", code, stdout)
		}
	})
}

func TestAGroupsConfigurationIsShownPerShard(t *testing.T) {
	inWorld(t, func(w *world) {
		w.run("updateSubGroup", "-b", brokerB, "-g", "g", "-r", "3")
		rows := []string{strings.Repeat("=", 29) + "DefaultCluster:broker-b" + strings.Repeat("=", 29)}
		for _, row := range []string{"groupName g", "consumeEnable true", "consumeFromMinEnable false", "consumeBroadcastEnable false", "retryQueueNums 1", "retryMaxTimes 3",
			"brokerId 0", "whichBrokerWhenConsumeSlowly 1", "notifyConsumerIdsChangedEnable true"} {
			name, value, _ := strings.Cut(row, " ")
			rows = append(rows, fmt.Sprintf("%-40s=  %s", name, value))
		}
		w.says(strings.Join(rows, "\n")+"\n", "getConsumerConfig", "-g", "g")
		w.says("", "getConsumerConfig", "-g", "unknown")
	})
}

func TestNameServersKeepWhatTheyAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.says("update name server config success!["+nameServer+"]\norderMessageEnable : true\n", "updateNamesrvConfig", "-k", "orderMessageEnable", "-v", "true")
		stdout, _, _ := w.run("getNamesrvConfig")
		if !strings.HasPrefix(stdout, "============"+nameServer+"============\n") || !strings.Contains(stdout, fmt.Sprintf("\n%-50s=  true\n", "orderMessageEnable")) {
			t.Errorf("getNamesrvConfig printed\n%s", stdout)
		}
		w.fails("nobodysKey", "updateNamesrvConfig", "-k", "nobodysKey", "-v", "1")
		w.says("create or update kv config to namespace success.\n", "updateKvConfig", "-s", "ORDER_TOPIC_CONFIG", "-k", "T", "-v", "broker-a:4")
		w.says("get orderConf success. topic=[T], orderConf=[broker-a:4]\n", "updateOrderConf", "-t", "T", "-m", "get")
		w.says("update orderConf success. topic=[T], orderConf=[broker-b:2]\n", "updateOrderConf", "-t", "T", "-m", "put", "-v", "broker-b:2")
		w.says("delete kv config from namespace success.\n", "deleteKvConfig", "-s", "ORDER_TOPIC_CONFIG", "-k", "T")
		w.fails("No config item, Namespace: ORDER_TOPIC_CONFIG Key: T", "updateOrderConf", "-t", "T", "-m", "get")
		w.says("delete orderConf success. topic=[T]\n", "updateOrderConf", "-t", "T", "-m", "delete")
		w.fails("please set orderConf with option -v.", "updateOrderConf", "-t", "T", "-m", "put")
		w.fails("option -m: change is none of put, get and delete", "updateOrderConf", "-t", "T", "-m", "change")
		w.fails(nobody, "updateKvConfig", "-s", "n", "-k", "k", "-v", "v", "-n", nobody+";"+nameServer)
	})
}

func TestAMessageIsFoundByItsPlaceAndAccumulationIsSkipped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		sent := w.send("T", "TagA", "", "one", "two")[0]
		at := []string{"queryMsgByOffset", "-t", "T", "-b", sent.Queue.BrokerName, "-i", "0", "-o"}
		stdout, stderr, code := w.run(append(at, "0")...)
		defer os.Remove(bodyFolder + "/" + sent.MsgID)
		for _, row := range []string{"OffsetID:            " + sent.OffsetMsgID + "\n", "Tags:                [TagA]\n", "MIN_OFFSET=0", "MAX_OFFSET=1", "WARN: No Consumer"} {
			if code != 0 || !strings.Contains(stdout, row) {
				t.Errorf("exit code %d, %s: no %q in\n%s", code, stderr, row, stdout)
			}
		}
		w.says("", append(at, "7")...)
		w.fails("the topic has no MessageQueue [topic=T, brokerName=broker-a, queueId=9]", "queryMsgByOffset", "-t", "T", "-b", "broker-a", "-i", "9", "-o", "0")

		w.member("g", "T")()
		w.send("T", "", "", "three", "four")
		stdout, stderr, code = w.run("skipAccumulatedMessage", "-g", "g", "-t", "T")
		if code != 0 || !strings.HasPrefix(stdout, "#brokerName           #queueId              #brokerOffset         #consumerOffset       #timestampOffset      #rollbackOffset") {
			t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
		}
		if stdout, _, _ := w.run("consumerProgress", "-g", "g"); !strings.HasSuffix(stdout, "Diff Total: 0\n") {
			t.Errorf("something is left to consume:\n%s", stdout)
		}
		leave := w.member("g", "T")
		defer leave()
		if stdout, stderr, code = w.run("skipAccumulatedMessage", "-g", "g", "-t", "T"); code != 0 || !strings.HasPrefix(stdout, "#brokerName                               #queueId ") {
			t.Errorf("online: exit code %d, %s\n%s", code, stderr, stdout)
		}
	})
}
