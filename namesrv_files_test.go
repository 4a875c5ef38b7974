package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/remoting/protocol"
)

func TestANameServerKeepsWhatOperatorsChange(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("ROCKETMQ_HOME", "")
	port, _ := freePorts(t)
	gossip, _ := freePorts(t)
	text := fmt.Sprintf("# ours\nlistenPort=%d\nbindAddress=127.0.0.1\ngossipPort=%d\norderMessageEnable=false\n", port, gossip)
	file := write(t, filepath.Join(t.TempDir(), "namesrv.properties"), text)
	start := func() *process {
		g := gantry(t, "mqnamesrv", "-c", file)
		g.line() // load config properties file OK
		if line := g.line(); !strings.HasPrefix(line, "The Name Server boot success") {
			t.Fatal(line)
		}
		return g
	}
	g := start()
	ask(t, port, protocol.UpdateNamesrvConfig, "orderMessageEnable=true")
	askFor(t, port, protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: "ORDER_TOPIC_CONFIG", Key: "T", Value: "a:4"}, "")
	g.signal(os.Kill) // what was answered is kept
	g.end()
	if now, err := os.ReadFile(file); err != nil || string(now) != strings.Replace(text, "=false", "=true", 1) {
		t.Errorf("its file is %q, %v", now, err)
	}
	g = start()
	if told := string(ask(t, port, protocol.GetNamesrvConfig, "")); !strings.Contains(told, "orderMessageEnable=true\n") {
		t.Errorf("after a restart it says %s", told)
	}
	list := askFor(t, port, protocol.GetKVListByNamespace, protocol.GetKVListByNamespaceRequest{Namespace: "ORDER_TOPIC_CONFIG"}, "")
	if string(list) != `{"table":{"T":"a:4"}}` {
		t.Errorf("after a restart there is %s", list)
	}
	g.stop()
	kept := filepath.Join(home, "namesrv", "kvConfig.json")
	write(t, kept, "{")
	os.Remove(kept + ".bak")
	g = gantry(t, "mqnamesrv", "-c", file)
	if _, code := g.end(); code != exitFailed || !strings.Contains(g.stderr.String(), kept+" is corrupt at byte") {
		t.Errorf("a damaged file: exit code %d\n%s", code, g.stderr.String())
	}
}
