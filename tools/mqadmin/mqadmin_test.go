package mqadmin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func (w *world) topic() {
	w.t.Helper()
	w.says("create topic to 10.1.1.1:10911 success.\ncreate topic to 10.1.1.2:10911 success.\n"+
		"TopicConfig [topicName=T, readQueueNums=1, writeQueueNums=1, perm=RW-, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false]\n",
		"updateTopic", "-c", "DefaultCluster", "-t", "T", "-r", "1", "-w", "1")
}

func TestCommandsAreFoundInAnyLetterCase(t *testing.T) {
	inWorld(t, func(w *world) {
		const want = "#Cluster Name     #Broker Name            #BID  #Addr                  #Version                #InTPS(LOAD)       #OutTPS(LOAD) #PCWait(ms) #Hour #SPACE\n" +
			"DefaultCluster    broker-a                0     10.1.1.1:10911         V4_9_7                   0.00(0,0ms)         0.00(0,0ms)          0 HOURS 0.0000\n" +
			"DefaultCluster    broker-b                0     10.1.1.2:10911         V4_9_7                   0.00(0,0ms)         0.00(0,0ms)          0 HOURS 0.0000\n"
		for _, name := range []string{"clusterList", "clusterlist", "CLUSTERLIST"} {
			stdout, stderr, code := w.run(name)
			rows := strings.Split(stdout, "\n")
			for i := range rows {
				if f := strings.Fields(rows[i]); i > 0 && len(f) > 8 {
					rows[i] = strings.Replace(rows[i], f[8], "HOURS", 1)
				}
			}
			if got := masked(strings.Join(rows, "\n")); got != want || code != 0 || stderr != "" {
				t.Errorf("%s: code %d, %s, printed\n%s\nwant\n%s", name, code, stderr, got, want)
			}
		}
	})
}

func TestABrokerThatIsGoneIsARowAndALine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.says("create topic to 10.1.1.1:10911 success.\nTopicConfig [topicName=A, readQueueNums=8, writeQueueNums=8, perm=R--, topicFilterType=SINGLE_TAG, topicSysFlag=3, order=false]\n",
			"updateTopic", "-b", brokerA, "-t", "A", "-p", "4", "-u", "true", "-s", "TRUE")
		w.fails("10.1.1.9:10911", "updateTopic", "-b", "10.1.1.9:10911", "-t", "A")
		w.fails("Make sure the specified clusterName exists or the name server connected to is correct: nowhere", "updateTopic", "-c", "nowhere", "-t", "A")
		w.fails(`option -r: "many" is no whole number`, "updateTopic", "-b", brokerA, "-t", "A", "-r", "many")
	})
}

func TestOneOfTheNameServersMayBeAway(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, list := range []string{nobody + ";" + nameServer, nameServer + ";" + nobody} {
			stdout, stderr, code := w.run("clusterList", "-n", list)
			if code != 0 || stderr != "" || strings.Count(stdout, "broker-") != 2 {
				t.Errorf("%s: code %d, %s\n%s", list, code, stderr, stdout)
			}
		}
		t.Setenv("NAMESRV_ADDR", nobody)
		w.fails("name server "+nobody+": ", "topicList", "-n", nobody)
	})
}

func TestTheNameServersMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("NAMESRV_ADDR", nobody+";"+nameServer)
	inWorld(t, func(w *world) {
		stdout, stderr, code := w.run("topicList", "-n ")
		if code != 1 || !strings.Contains(stderr, "flag provided but not defined") {
			t.Errorf("code %d, %s%s", code, stdout, stderr)
		}
		stdout, stderr, code = w.run("topicList", "-n", " ")
		if code != 0 || !strings.Contains(stdout, "TBW102\n") {
			t.Errorf("code %d, %s%s", code, stdout, stderr)
		}
	})
	t.Setenv("NAMESRV_ADDR", "")
	inWorld(t, func(w *world) {
		w.fails("no name server address; give it with -n, or in NAMESRV_ADDR", "topicList", "-n", " ")
	})
}

func TestTopicsAreListedShownAndDeleted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		stdout, _, _ := w.run("topicList")
		if !strings.Contains(stdout, "\nT\n") {
			t.Errorf("topicList printed\n%s", stdout)
		}
		stdout, _, _ = w.run("topicList", "-c")
		if !strings.Contains(stdout, "#Cluster Name         #Topic                                            #Consumer Group") ||
			!strings.Contains(masked(stdout), "\nDefaultCluster        T\n") {
			t.Errorf("topicList -c printed\n%s", stdout)
		}
		w.says("#Broker Name                      #QID  #Min Offset           #Max Offset             #Last Updated\n"+
			"broker-a                          0     0                     0\n"+
			"broker-b                          0     0                     0\n", "topicStatus", "-t", "T")
		w.says("{\n\t\"brokerDatas\":[\n\t\t{\n\t\t\t\"brokerAddrs\":{0:\"10.1.1.1:10911\"\n\t\t\t},\n\t\t\t\"brokerName\":\"broker-a\",\n\t\t\t\"cluster\":\"DefaultCluster\"\n\t\t},\n"+
			"\t\t{\n\t\t\t\"brokerAddrs\":{0:\"10.1.1.2:10911\"\n\t\t\t},\n\t\t\t\"brokerName\":\"broker-b\",\n\t\t\t\"cluster\":\"DefaultCluster\"\n\t\t}\n\t],\n"+
			"\t\"filterServerTable\":{},\n\t\"queueDatas\":[\n"+
			"\t\t{\n\t\t\t\"brokerName\":\"broker-a\",\n\t\t\t\"perm\":6,\n\t\t\t\"readQueueNums\":1,\n\t\t\t\"topicSysFlag\":0,\n\t\t\t\"writeQueueNums\":1\n\t\t},\n"+
			"\t\t{\n\t\t\t\"brokerName\":\"broker-b\",\n\t\t\t\"perm\":6,\n\t\t\t\"readQueueNums\":1,\n\t\t\t\"topicSysFlag\":0,\n\t\t\t\"writeQueueNums\":1\n\t\t}\n\t]\n}\n",
			"topicRoute", "-t", "T")
		w.says(strings.Join([]string{
			"#ClusterName                                  #BrokerName                      #BrokerAddrs                                       #ReadQueue #WriteQueue #Perm",
			"DefaultCluster                                broker-a                         {0=10.1.1.1:10911}                                 1          1           6",
			"DefaultCluster                                broker-b                         {0=10.1.1.2:10911}                                 1          1           6",
			strings.Repeat("-", 158),
			"Total:                                        2                                                                                   2          2", ""}, "\n"),
			"topicRoute", "-t", "T", "-l")
		w.says("delete topic [T] from cluster [DefaultCluster] success.\ndelete topic [T] from NameServer success.\n", "deleteTopic", "-t", "T", "-c", "DefaultCluster")
		w.fails("No topic route info in name server for the topic: T", "topicRoute", "-t", "T")
		w.fails("TBW102", "deleteTopic", "-t", "TBW102", "-c", "DefaultCluster")
	})
}

func TestAnOrderedTopicIsToldToTheNameServers(t *testing.T) {
	inWorld(t, func(w *world) {
		stdout, _, _ := w.run("updateTopic", "-c", "DefaultCluster", "-t", "O", "-o", "true", "-w", "4")
		if !strings.Contains(stdout, "set cluster orderConf. isOrder=true, orderConf=[broker-a:4;broker-b:4]\n") {
			t.Errorf("updateTopic -c printed\n%s", stdout)
		}
		stdout, _, _ = w.run("updateTopic", "-b", brokerB, "-t", "O", "-o", "true", "-w", "2")
		if !strings.Contains(stdout, "set broker orderConf. isOrder=true, orderConf=[broker-b:2]\n") {
			t.Errorf("updateTopic -b printed\n%s", stdout)
		}
	})
}

func TestMessagesAreSentAndRead(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		w.says("#Broker Name                      #QID  #Send Result            #MsgId\n"+
			"broker-b                          0     SEND_OK                 ID\n",
			"sendMessage", "-t", "T", "-p", "hello world", "-k", "k1", "-c", "TagA", "-b", "broker-b", "-i", "0")
		w.fails("Broker name must be set if the queue is chosen!", "sendMessage", "-t", "T", "-p", "x", "-i", "0")
		time.Sleep(time.Second)
		stdout, _, code := w.run("consumeMessage", "-t", "T")
		for _, want := range []string{
			"MessageQueue [topic=T, brokerName=broker-a, queueId=0] print msg finished. status=NO_NEW_MSG, offset=0\n",
			"Consume ok\nMSGID: ", " MessageExt [brokerName=broker-b, queueId=0, storeSize=", ", bornHost=/", ", storeHost=/10.1.1.2:10911, msgId=",
			"toString()=Message{topic='T', flag=0, properties={", "TAGS=TagA", "MIN_OFFSET=0", "MAX_OFFSET=1", "KEYS=k1",
			"body=[104, 101, 108, 108, 111, 32, 119, 111, 114, 108, 100], transactionId='null'}] BODY: hello world\n",
			"MessageQueue [topic=T, brokerName=broker-b, queueId=0] print msg finished. status=NO_NEW_MSG, offset=1\n",
		} {
			if code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("consumeMessage: exit code %d, no %q in\n%s", code, want, stdout)
			}
		}
		w.says("MessageQueue [topic=T, brokerName=broker-b, queueId=0] no matched msg, offset=5\n", "consumeMessage", "-t", "T", "-b", "broker-b", "-i", "0", "-o", "5")
		for why, args := range map[string][]string{
			"Please set the brokerName before queueId!":  {"-i", "0"},
			"Please set queueId before offset!":          {"-o", "0"},
			"Please input a positive messageNumber!":     {"-c", "0"},
			"Please set the beginTimestamp before now!":  {"-s", "4102444800000"},
			"neither milliseconds since 1970 nor yyyy":   {"-e", "yesterday"},
			"has no MessageQueue [topic=T, brokerName=x": {"-b", "x", "-i", "0"},
		} {
			w.fails(why, append([]string{"consumeMessage", "-t", "T"}, args...)...)
		}
	})
}

func TestAMessageIsFoundByIdAndByKey(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		sent := w.send("T", "TagA", "k1 k2", "one", "two")
		w.says("#Message ID                                        #QID                                  #Offset\n"+
			"ID                      0                                        0\nID                      0                                        0\n",
			"queryMsgByKey", "-t", "T", "-k", "k2")
		w.fails("query message by key finished, but no message", "queryMsgByKey", "-t", "T", "-k", "k3")
		body := filepath.Join(bodyFolder, sent[0].MsgID)
		defer os.Remove(body)
		rows := []string{
			"Topic:               T", "Tags:                [TagA]", "Keys:                [k1 k2]", "Queue ID:            0", "Queue Offset:        0",
			"CommitLog Offset:    0", "Reconsume Times:     0", "Born Host:           ", "Store Host:          10.1.1.", "System Flag:         0",
			"Properties:          {", "Message Body Path:   " + body, "WARN: No Consumer",
		}
		for _, args := range [][]string{{"queryMsgById", "-i", sent[0].OffsetMsgID}, {"queryMsgByUniqueKey", "-t", "T", "-i", sent[0].MsgID, "-a"}} {
			stdout, stderr, code := w.run(args...)
			if code != 0 || stderr != "" {
				t.Errorf("%v: exit code %d, %s", args, code, stderr)
			}
			for _, row := range rows {
				if !strings.Contains(stdout, row) {
					t.Errorf("%v: no %q in\n%s", args, row, stdout)
				}
			}
			if text, err := os.ReadFile(body); err != nil || string(text) != "one" {
				t.Errorf("the body's file holds %q, %v", text, err)
			}
		}
		w.says("prepare resend msg. originalMsgId="+"ID\nSendResult [sendStatus=SEND_OK, msgId=ID, offsetMsgId=ID, messageQueue=MessageQueue [topic=T, brokerName=broker-b, queueId=0], queueOffset=1]\n",
			"queryMsgById", "-i", sent[0].OffsetMsgID, "-s", "true")
		w.fails("The Consumer <g> <10.9.9.9@2> not online", "queryMsgById", "-i", sent[0].OffsetMsgID, "-g", "g", "-d", "10.9.9.9@2")
		w.fails("The Consumer <g> <10.9.9.9@2> not online", "queryMsgByUniqueKey", "-t", "T", "-i", sent[0].MsgID, "-g", "g", "-d", "10.9.9.9@2")
		w.fails("this tool sends no traces", "sendMessage", "-t", "T", "-p", "x", "-m", "true")
		w.fails("offset message id is malformed", "queryMsgById", "-i", "x")
		w.fails("can not find message by the offset, 1", "queryMsgById", "-i", sent[0].OffsetMsgID[:31]+"1")
	})
}

func TestGroupsAreMadeMovedAndDeleted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		w.says("create subscription group to 10.1.1.1:10911 success.\ncreate subscription group to 10.1.1.2:10911 success.\n"+
			"SubscriptionGroupConfig [groupName=g, consumeEnable=true, consumeFromMinEnable=false, consumeBroadcastEnable=false, retryQueueNums=1, retryMaxTimes=3, brokerId=0, whichBrokerWhenConsumeSlowly=1, notifyConsumerIdsChangedEnable=true]\n",
			"updateSubGroup", "-c", "DefaultCluster", "-g", "g", "-r", "3")
		w.fails("THe consumer group <g> not exist", "resetOffsetByTime", "-g", "g", "-t", "T", "-s", "now")
		sent := w.send("T", "", "", "one", "two")
		leave := w.member("g", "T")
		row := func(topic, broker string, diff int) string {
			return fmt.Sprintf("%-64s  %-32s  %-4d  %-20d  %-20d  %-20d  %s\n", topic, broker, 0, 1, 1-diff, diff, "WHEN")
		}
		progress := fmt.Sprintf("%-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s\n", "#Topic", "#Broker Name", "#QID", "#Broker Offset", "#Consumer Offset", "#Diff", "#LastTime")
		w.says(progress+row("T", "broker-a", 0)+row("T", "broker-b", 0)+"\nConsume TPS: 0.03\nDiff Total: 0\n", "consumerProgress", "-g", "g")
		groups := fmt.Sprintf("%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s\n", "#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total")
		w.says(groups+fmt.Sprintf("%-64s  %-6d  %-24s %-5s  %-14s  %-7d  %d\n", "g", 1, "V4_9_7", "PUSH", "CLUSTERING", 0, 0), "consumerProgress")
		if stdout, _, _ := w.run("queryMsgByUniqueKey", "-t", "T", "-i", sent[0].MsgID); !strings.Contains(stdout, "MessageTrack [consumerGroup=g, trackType=CONSUMED, exceptionDesc=null]") {
			t.Errorf("the message is not consumed:\n%s", stdout)
		}
		os.Remove(filepath.Join(bodyFolder, sent[0].MsgID))
		leave()
		w.says("rollback consumer offset by specified consumerGroup[g], topic[T], force[true], timestamp(string)[0], timestamp(long)[0]\n"+
			"#brokerName           #queueId              #brokerOffset         #consumerOffset       #timestampOffset      #rollbackOffset\n"+
			"broker-a              0                     1                     1                     0                     0\n"+
			"broker-b              0                     1                     1                     0                     0\n",
			"resetOffsetByTime", "-g", "g", "-t", "T", "-s", "0")
		w.says(groups+fmt.Sprintf("%-64s  %-6d  %-24s %-5s  %-14s  %-7d  %d\n", "g", 0, "OFFLINE", "", "", 0, 2), "consumerProgress")
		w.fails("neither milliseconds", "resetOffsetByTime", "-g", "g", "-t", "T", "-s", "soon")
		w.says("delete subscription group [g] from broker [10.1.1.1:10911] in cluster [DefaultCluster] success.\n"+
			"delete subscription group [g] from broker [10.1.1.2:10911] in cluster [DefaultCluster] success.\n"+
			"delete topic [%RETRY%g] from cluster [DefaultCluster] success.\ndelete topic [%RETRY%g] from NameServer success.\n"+
			"delete topic [%DLQ%g] from cluster [DefaultCluster] success.\ndelete topic [%DLQ%g] from NameServer success.\n",
			"deleteSubGroup", "-c", "DefaultCluster", "-g", "g", "-r", "true")
	})
}

func TestPermissionsAreWipedInEveryNameServer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.topic()
		stdout := w.fails(nobody, "wipeWritePerm", "-b", "broker-a", "-n", nobody+";"+nameServer)
		if !strings.HasPrefix(stdout, "wipe write perm of broker[broker-a] in name server["+nobody+"] Failed\nwipe write perm of broker[broker-a] in name server["+nameServer+"] OK, ") {
			t.Errorf("it printed\n%s", stdout)
		}
		if stdout, _, _ := w.run("topicRoute", "-t", "T", "-l"); !strings.Contains(masked(stdout), "1          1           4\n") {
			t.Errorf("the route is\n%s", stdout)
		}
		if stdout, _, code := w.run("addWritePerm", "-b", "broker-a"); code != 0 || !strings.HasPrefix(stdout, "add write perm of broker[broker-a] in name server["+nameServer+"] OK, ") {
			t.Errorf("code %d, %s", code, stdout)
		}
	})
}

func TestABrokersConfigurationIsShownAndChanged(t *testing.T) {
	inWorld(t, func(w *world) {
		w.says("update broker config success, "+brokerA+"\n", "updateBrokerConfig", "-b", brokerA, "-k", "autoCreateTopicEnable", "-v", "false")
		stdout, _, code := w.run("getBrokerConfig", "-c", "DefaultCluster")
		for _, want := range []string{
			"============Master: 10.1.1.1:10911============\n", "============Master: 10.1.1.2:10911============\n",
			fmt.Sprintf("%-50s=  false\n", "autoCreateTopicEnable"), fmt.Sprintf("%-50s=  true\n", "autoCreateTopicEnable"),
		} {
			if code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("exit code %d, no %q in\n%s", code, want, stdout)
			}
		}
		w.fails("listenPort", "updateBrokerConfig", "-c", "DefaultCluster", "-k", "listenPort", "-v", "1")
	})
}

func TestABrokersStatusIsShown(t *testing.T) {
	inWorld(t, func(w *world) {
		stdout, _, _ := w.run("brokerStatus", "-b", brokerA)
		if !strings.Contains(stdout, fmt.Sprintf("%-32s: V4_9_7\n", "brokerVersionDesc")) {
			t.Errorf("it printed\n%s", stdout)
		}
		stdout, _, _ = w.run("brokerStatus", "-c", "DefaultCluster")
		if !strings.Contains(stdout, fmt.Sprintf("%-24s %-32s: 0\n", brokerB, "commitLogMinOffset")) {
			t.Errorf("it printed\n%s", stdout)
		}
	})
}

func TestHelpIsLaidOutAsCommonsCLIDoes(t *testing.T) {
	inWorld(t, func(w *world) {
		const want = "usage: mqadmin updateTopic -b <arg> | -c <arg> [-h] [-n <arg>] [-o <arg>] [-p <arg>] [-r <arg>] [-s <arg>] -t\n" +
			"       <arg> [-u <arg>] [-w <arg>]\n" +
			" -b,--brokerAddr <arg>       create topic to which broker\n" +
			" -c,--clusterName <arg>      create topic to which cluster\n" +
			" -h,--help                   Print help\n" +
			" -n,--namesrvAddr <arg>      Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'\n" +
			" -o,--order <arg>            set topic's order(true|false)\n" +
			" -p,--perm <arg>             set topic's permission(2|4|6), intro[2:W 4:R; 6:RW]\n" +
			" -r,--readQueueNums <arg>    set read queue nums\n" +
			" -s,--hasUnitSub <arg>       has unit sub (true|false)\n" +
			" -t,--topic <arg>            topic name\n" +
			" -u,--unit <arg>             is unit topic (true|false)\n" +
			" -w,--writeQueueNums <arg>   set write queue nums\n"
		for _, args := range [][]string{{"updateTopic", "-h"}, {"help", "updatetopic"}} {
			stdout, _, code := w.run(args...)
			if code != 0 || stdout != want {
				t.Errorf("%v: exit code %d\n%s\nwant\n%s", args, code, stdout, want)
			}
		}
		if stdout := w.fails("Missing required option: t", "updateTopic", "-c", "x"); stdout != want {
			t.Errorf("an incomplete command printed\n%s", stdout)
		}
		if stdout := w.fails("Missing required option: one of -b and -c", "updateTopic", "-t", "x"); stdout != want {
			t.Errorf("an incomplete command printed\n%s", stdout)
		}
		stdout, _, code := w.run()
		if code != 0 || !strings.HasPrefix(stdout, "The most commonly used mqadmin commands are:\n   updateTopic          Update or create topic\n") ||
			!strings.HasSuffix(stdout, "\nSee 'mqadmin help <command>' for more information on a specific command.\n") {
			t.Errorf("exit code %d\n%s", code, stdout)
		}
		if stdout, _, code := w.run("frob"); code != 1 || stdout != "The sub command frob not exist.\n" {
			t.Errorf("exit code %d, %q", code, stdout)
		}
	})
}
