package doctor

import (
	"context"

	"gantry/remoting/protocol"
	"gantry/storenode/hastatus"
	"gantry/storenode/replica"
)

// A slave is who dials what its master advertises, so it is asked whether it gets
// through: its account names the addresses that it was told and what it met there.

// askSlave asks a slave of Gantry; one of Java has no such account.
func askSlave(ctx context.Context, b registered) Findings {
	if b.id == 0 {
		return nil
	}
	answer, err := ask(ctx, b.addr, hastatus.Code)
	if err != nil || answer.Code == protocol.RequestCodeNotSupported {
		return nil // who does not answer at all is told of already
	}
	var says hastatus.Status
	if says.Decode(answer.Body) != nil || says.Self == nil {
		return nil
	}
	return copying(b, says.Self)
}

// copying is whether the slave has its master's log.
func copying(b registered, s *hastatus.Self) (f Findings) {
	switch replica.SlaveState(s.State) {
	case replica.SlaveCopying, replica.SlaveComparing:
		f.fine("addresses", "slave %v copies from %s", b, s.HAAddr)
		f = append(f, tables(b, s)...)
	case replica.SlaveUnguided:
		f.add(Error, "addresses", "start its master, or give both the same brokerName and name servers", "slave %v was told of no master", b)
	case replica.SlaveStopped:
		f.add(Error, "cluster", "see docs/replication.md", "slave %v has stopped: %s", b, s.LastError)
	default:
		f.add(Error, "addresses", "see the master's brokerIP2 and haListenPort, and the firewall between the two", "slave %v does not get through to its master at %s: %s", b, s.HAAddr, s.LastError)
	}
	return f
}

// tables is whether it has topics, groups and offsets, which come over the
// master's own port, behind the log.
func tables(b registered, s *hastatus.Self) (f Findings) {
	switch {
	case s.TablesFrom == "":
	case s.TablesHeardAt.IsZero():
		f.add(Error, "addresses", "see the master's brokerIP1, brokerIP2 and listenPort, and the firewall between the two", "slave %v does not get its tables from its master at %s: %s", b, s.TablesFrom, s.TablesLastError)
	default:
		f.fine("addresses", "slave %v has its tables from %s", b, s.TablesFrom)
	}
	return f
}
