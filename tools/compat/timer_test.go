package compat

import (
	"path/filepath"
	"testing"
	"time"

	"gantry/tools/compat/agent"
	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/realbroker"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
	"gantry/tools/xcheck"
)

// lateness is what a message with a time of its own may lack when it is stored in its topic.
const lateness = time.Second

func TestAMessageWithATimeComesThen(t *testing.T) {
	srv := theatre.Server(t, server.Split, nil)
	for _, kind := range agent.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			comesOnTime(t, theatre.Client(t, kind, srv))
		})
	}
}

func comesOnTime(t *testing.T, c *stage.Client) {
	topic := c.Topic(2)
	consumer, producer := c.Subscribe(topic, c.Unique("group")), c.Producer()
	due := map[uint32]int64{}
	for i, m := range stage.Messages(topic, 20) {
		m.DeliverMillis = time.Now().Add(time.Duration(3000+173*i) * time.Millisecond).UnixMilli()
		due[bodyCRC(m)] = m.DeliverMillis
		producer.Send(agent.Sync, m)
	}
	for _, d := range consumer.AwaitCount(deliveryTime, len(due)) {
		at := due[d.BodyCRC]
		if late := time.Duration(d.StoredMillis-at) * time.Millisecond; late < 0 || late > lateness {
			t.Errorf("a message was stored %v after its time", late)
		}
		if d.ReceivedMillis < at {
			t.Errorf("a message came %d ms early", at-d.ReceivedMillis)
		}
		if d.Topic != topic {
			t.Errorf("a message came from topic %s", d.Topic)
		}
	}
}

func TestMessagesWithATimeSurviveAKill(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, nil)
	c := theatre.Client(t, agent.Java532, srv)
	topic := c.Topic(1)
	producer := c.Producer()
	sent := stage.Messages(topic, 10)
	at := time.Now().Add(12 * time.Second)
	for i := range sent {
		sent[i].DeliverMillis = at.UnixMilli()
	}
	producer.Send(agent.Sync, sent...)
	srv.Kill()
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := c.Subscribe(topic, c.Unique("group")).AwaitCount(deliveryTime, len(sent))
	checkBodies(t, sent, seen)
	for _, d := range seen {
		if d.StoredMillis < at.UnixMilli() {
			t.Errorf("a message came %d ms early", at.UnixMilli()-d.StoredMillis)
		}
	}
}

func TestGantryHoldsMessagesAsTheReal533(t *testing.T) {
	place := releaseOf(t, "5.3.3", (*artifacts.Set).Server533Classpath).config(t, nil)
	real, err := realbroker.Start(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(real.Kill)
	gantry, err := server.New(server.Gantry, server.Config{Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), "server"),
		Properties: map[string]string{"messageDelayLevel": delayLevels}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gantry.Close)
	if err := gantry.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var answers [2]xcheck.Recording
	for i, namesrv := range []string{real.NamesrvAddress(), gantry.Namesrv()} {
		if answers[i], err = xcheck.Run(t.Context(), namesrv, xcheck.TimerScript()); err != nil {
			t.Fatal(err)
		}
	}
	checkTimerReport(t, xcheck.Judge(len(answers[0]), xcheck.Compare(answers[0], answers[1]), xcheck.AcceptedTimers()))
}

func checkTimerReport(t *testing.T, r xcheck.Report) {
	t.Helper()
	if len(r.Unexplained)+len(r.Unused) > 0 || r.Steps < 15 {
		t.Errorf("of %d steps, the servers answer differently: %v, and no longer differ in %v", r.Steps, r.Unexplained, r.Unused)
	}
}
