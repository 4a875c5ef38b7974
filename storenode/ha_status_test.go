package storenode

import (
	"testing"
	"time"

	"gantry/remoting/protocol"
	"gantry/storenode/hastatus"
)

func (p *peer) haStatus() (s hastatus.Status) {
	p.s.t.Helper()
	if err := s.Decode(p.want(hastatus.Code, nil, nil, protocol.Success, "").Body); err != nil {
		p.s.t.Error(err)
	}
	return s
}

func TestCopiesSayHowFarTheyAre(t *testing.T) {
	withSlave(t, func(master, slave *scene) {
		master.dial().send(to("T"), "m")
		time.Sleep(time.Second)
		m, s := master.dial().haStatus(), slave.dial().haStatus()
		equal(t, "role", m.Role, "ASYNC_MASTER")
		equal(t, "slaves", len(m.Slaves), 1)
		equal(t, "state", m.Slaves[0].State, "copying")
		equal(t, "what the slave has", m.Slaves[0].Acked, m.End)
		equal(t, "what the slave lacks", m.Slaves[0].LagBytes, 0)
		equal(t, "role", s.Role, "SLAVE")
		equal(t, "brokerId", s.BrokerID, 1)
		equal(t, "end", s.End, m.End)
		equal(t, "copied from", s.Self.HAAddr, "10.1.1.1:10912")
		equal(t, "state", s.Self.State, "copying")
		equal(t, "lag", s.Self.LagBytes, 0)
		equal(t, "tables from", s.Self.TablesFrom, "10.1.1.1:10911")
		equal(t, "tables are young", time.Since(s.Self.TablesHeardAt) < 5*time.Second, true)

		master.close()
		time.Sleep(time.Minute)
		s = slave.dial().haStatus()
		equal(t, "state without the master", s.Self.State, "connecting")
		if s.Self.LastError == "" || s.Self.TablesLastError == "" {
			t.Errorf("nothing is said of the errors: %+v", s.Self)
		}
		equal(t, "tables are old", time.Since(s.Self.TablesHeardAt) >= time.Minute, true)
	})
}
