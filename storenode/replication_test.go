package storenode

import (
	"fmt"
	"net"
	"testing"
	"time"

	"gantry/storenode/replica"
)

func TestASlaveNodeHasItsMastersMessages(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		p := master.dial()
		for i := range 20 {
			p.send(to("T"), fmt.Sprint("m", i))
		}
		time.Sleep(time.Second)
		q := slave.dial()
		own, copied := p.stored("T", 0), q.stored("T", 0)
		equal(t, "messages", len(copied), 20)
		for i := range copied {
			equal(t, "body", string(copied[i].Body), fmt.Sprint("m", i))
			equal(t, "place", copied[i].PhysicalOffset, own[i].PhysicalOffset)
			equal(t, "address", copied[i].StoreHost, own[i].StoreHost)
		}
		end := master.node.store.End()
		seen := master.node.Replication().Master
		equal(t, "slaves", len(seen.Slaves), 1)
		equal(t, "what the slave has", seen.Slaves[0].Acked, end)
		itself := slave.node.Replication().Slave
		equal(t, "state", itself.State, replica.SlaveCopying)
		equal(t, "end", itself.End, end)
		equal(t, "master", itself.Master, replica.Address{HA: "10.1.1.1:10912", Master: "10.1.1.1:10911"})
		master.close()
		equal(t, "messages without the master", len(q.stored("T", 0)), 20)
	})
}

// Switching by hand: stop, edit brokerRole and brokerId, restart.
func TestASlaveThatIsMadeMasterGoesOnWhereItsMasterWas(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		master.dial().send(to("T"), "m0")
		master.dial().send(to("T"), "m1")
		master.close() // the last message is copied before it ends
		slave.close()
		slave.config.BrokerRole, slave.config.BrokerID = "ASYNC_MASTER", 0
		slave.open()
		equal(t, "next offset", slave.dial().send(to("T"), "m2").QueueOffset, 2)
		master.config.BrokerRole, master.config.BrokerID = "SLAVE", 1
		master.open()
		master.catchUp()
		p := master.dial()
		equal(t, "messages at the former master", len(p.stored("T", 0)), 3)
		equal(t, "its state", master.node.Replication().Slave.State, replica.SlaveCopying)
	})
}

// A port that somebody else has costs slaves, and no client.
func TestTheHAPortIsTakenWhenItIsFree(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &patientListener{address: other.Addr().String()}
	if _, err := l.Accept(); err == nil {
		t.Fatal("a port was taken twice")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "address", l.Addr().String(), other.Addr().String())
	accepted := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = conn.Close()
		}
		accepted <- err
	}()
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.Dial("tcp", l.address)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if err := <-accepted; err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("a closed listener took a connection")
	}
}
