package compat

import (
	"strings"
	"testing"

	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// The application of springapp/ is told the address, and nothing else.
func TestASpringBootApplicationWorksAsItIs(t *testing.T) {
	srv := theatre.Server(t, server.Split, nil)
	for _, topic := range []string{"orders", "questions"} {
		stage.CreateTopic(t, srv, topic, 2)
	}
	classpath, err := theatre.Artifacts(t).SpringClasspath()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := runIn(t, dir, "java", "--add-opens", "java.base/java.nio=ALL-UNNAMED", "-Duser.home="+dir, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-cp", classpath, "gantry.orders.OrdersApplication", "--rocketmq.name-server="+srv.Namesrv())
	for _, line := range []string{
		"sent SEND_OK", "received a book", "answered how much? ten",
		"transaction ROLLBACK_MESSAGE", "transaction COMMIT_MESSAGE", "received paid", "all has come",
	} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("it does not print %q", line)
		}
	}
	if strings.Contains(out, "received rolled back") {
		t.Error("it received what was rolled back")
	}
	if t.Failed() {
		t.Logf("it prints:\n%s", out)
	}
}
