package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// listener takes connections, says something and reads nothing.
func listener(t *testing.T, says string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			fmt.Fprint(c, says)
		}
	}()
	return l.Addr().String()
}

// Each question fails within processBound, and says who was asked and what came of it.
func TestQuestionsThatFailNameWhoWasAsked(t *testing.T) {
	p := newPlace(t)
	g := gantry(t, p.args()...)
	g.line()
	live, shard := fmt.Sprint("127.0.0.1:", p.listen), fmt.Sprint("127.0.0.1:", p.shard)
	one, _ := freePorts(t)
	refused, web := fmt.Sprint("127.0.0.1:", one), listener(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	t.Setenv("NAMESRV_ADDR", "")
	for _, c := range []struct {
		line string
		says []string
	}{
		{"admin haStatus -n " + refused, []string{"name server " + refused, "connection refused"}},
		{"admin haStatus -n no.such.host.invalid:9876", []string{"name server no.such.host.invalid:9876", "lookup no.such.host.invalid"}},
		{"admin haStatus -n " + web, []string{"name server " + web, "frame"}},
		{"admin haStatus -n nowhere", []string{`name server address "nowhere" is not HOST:PORT`}},
		{"admin haStatus -n " + live + " -c nowhere", []string{"clusterName", "nowhere"}},
		{"admin haStatus", []string{"no name server address; give it with -n, or in NAMESRV_ADDR"}},
		{"admin haStatus now -n " + live, []string{`haStatus takes no argument "now"`}},
		{"admin frob", []string{`unknown command "frob": see gantry admin --help`}},
		{"mqadmin clusterList -n " + refused, []string{"clusterList command failed", "name server " + refused, "connection refused"}},
		{"mqadmin clusterList", []string{"no name server address; give it with -n, or in NAMESRV_ADDR"}},
		{"mqadmin clusterList -n h:99999", []string{`name server address "h:99999" is not HOST:PORT`}},
		{"mqadmin brokerStatus -n " + live + " -b " + refused, []string{"brokerStatus command failed", refused, "GET_BROKER_RUNTIME_INFO", "connection refused"}},
		{"mqadmin brokerStatus -n " + live + " -c nowhere", []string{"Make sure the specified clusterName exists", "nowhere"}},
		{"mqadmin consumeMessage -n " + live + " -t TBW102 -b nobody -i 0", []string{"brokerName=nobody"}},
		{"mqadmin updateTopic -n " + live + " -b " + shard + ":1 -t T", []string{shard + ":1", "too many colons"}},
		{"mqadmin topicStatus -n " + live + " -t nothing", []string{"No topic route info in name server for the topic: nothing"}},
		{"ps now", []string{`ps takes no argument "now"`}},
	} {
		fails(t, strings.Fields(c.line), c.says...)
	}
	g.stop()
}

func TestWhoDoesNotAnswerIsWaitedForFiveSeconds(t *testing.T) {
	mute, also := listener(t, ""), listener(t, "")
	fails(t, []string{"mqadmin", "clusterList", "-n", mute + ";" + also}, "name server "+mute+": ", "name server "+also+": ", "nothing came for 5s")
	p := newPlace(t)
	g := gantry(t, p.args()...)
	g.line()
	stdout, code := gantry(t, "admin", "haStatus", "-n", fmt.Sprint(mute, ";127.0.0.1:", p.listen)).end()
	if code != 0 || !strings.Contains(stdout, fmt.Sprint("broker-a  0   ASYNC_MASTER  127.0.0.1:", p.shard)) {
		t.Errorf("the second name server is not asked: exit code %d\n%s", code, stdout)
	}
	g.stop()
}
