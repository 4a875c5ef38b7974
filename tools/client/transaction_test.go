package client

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
)

func unasked(*Received) TransactionState { panic("BUG: nobody was to be asked") }

func TestATransactionIsAHalfMessageAndItsEnd(t *testing.T) {
	for state, bits := range map[TransactionState]int32{CommitMessage: 8, RollbackMessage: 12, UnknownState: 0} {
		t.Run(state.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.topic("T", 1)
				p := f.open(t, "c1").TransactionProducer(ProducerConfig{Group: "g"}, unasked)
				executed := ""
				r, got, err := p.Send(ctx, &Message{Topic: "T", Body: []byte("hello"), DelayLevel: 3}, func(m *Message) TransactionState {
					executed += string(m.Body)
					return state
				})
				if err != nil || got != state || executed != "hello" {
					t.Fatalf("ended %v, %v, executed %q", got, err, executed)
				}
				synctest.Wait()
				sent, ended := look(f, func() protocol.SendMessageRequest { return f.sent[0] }), look(f, func() []protocol.EndTransactionRequest { return f.ended })
				properties := message.Properties(sent.Properties)
				if sent.SysFlag != message.FlagTransactionPrepared || string(properties.Get("TRAN_MSG")) != "true" || string(properties.Get("PGROUP")) != "g" || properties.Has("DELAY") {
					t.Errorf("sysFlag %#x, properties %q", sent.SysFlag, properties)
				}
				want := protocol.EndTransactionRequest{ProducerGroup: "g", CommitOrRollback: bits, MsgID: r.MsgID, BrokerName: "broker-a"}
				if !slices.Equal(ended, []protocol.EndTransactionRequest{want}) {
					t.Errorf("ended by %+v, want %+v", ended, want)
				}
			})
		})
	}
}

func TestWhatIsNotStoredAsWantedIsRolledBackUnexecuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		p := f.open(t, "c1").TransactionProducer(ProducerConfig{Group: "g"}, unasked)
		execute := func(*Message) TransactionState { t.Error("executed"); return CommitMessage }
		f.stored = protocol.FlushDiskTimeout
		if r, state, err := p.Send(ctx, &Message{Topic: "T"}, execute); err != nil || state != RollbackMessage || r.Status != protocol.FlushDiskTimeout {
			t.Errorf("%+v, %v, %v", r, state, err)
		}
		synctest.Wait()
		if ended := look(f, func() []protocol.EndTransactionRequest { return f.ended }); len(ended) != 1 || ended[0].CommitOrRollback != message.FlagTransactionRollback {
			t.Errorf("ended by %+v", ended)
		}
		f.refuse = []int32{protocol.MessageIllegal}
		if _, state, err := p.Send(ctx, &Message{Topic: "T"}, execute); err == nil || state != UnknownState {
			t.Errorf("a refused half message: %v, %v", state, err)
		}
	})
}

func TestABrokersQuestionIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.topic("T", 1)
		c := f.open(t, "c1")
		asked := make(chan string, 10)
		p := c.TransactionProducer(ProducerConfig{Group: "g"}, func(m *Received) TransactionState {
			asked <- string(m.Body)
			return CommitMessage
		})
		if _, _, err := p.Send(ctx, &Message{Topic: "T"}, func(*Message) TransactionState { return UnknownState }); err != nil {
			t.Fatal(err)
		}
		half := message.Message{Topic: "T", Body: []byte("half"), Properties: message.Properties(nil).Set("PGROUP", "g").Set("UNIQ_KEY", "KEY")}
		header := protocol.CheckTransactionStateRequest{TranStateTableOffset: 7, CommitLogOffset: 8, TransactionID: "TX", BrokerName: "broker-a"}
		f.ask("g", half, header) // known by the heartbeat of the first send
		foreign := half
		foreign.Properties = message.Properties(nil).Set("PGROUP", "others")
		f.ask("g", foreign, header)
		time.Sleep(time.Second)
		ended := look(f, func() []protocol.EndTransactionRequest { return f.ended })
		want := protocol.EndTransactionRequest{ProducerGroup: "g", TranStateTableOffset: 7, CommitLogOffset: 8, CommitOrRollback: message.FlagTransactionCommit,
			FromTransactionCheck: true, MsgID: "KEY", TransactionID: "TX", BrokerName: "broker-a"}
		if len(ended) != 2 || ended[1] != want {
			t.Errorf("answered by %+v, want %+v", ended, want)
		}
		if len(asked) != 1 || <-asked != "half" {
			t.Error("asked for what is not this producer's")
		}
	})
}
