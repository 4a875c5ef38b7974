package session

import (
	"log/slog"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/envelope"
)

// refusals are handshakes without proof. Who is refused tries again twice a
// second, so not each is a log line.
type refusals struct {
	mu     sync.Mutex // guards all below
	logged time.Time
	since  int // refusals not logged
}

// refusalPeriod lies between two log lines.
const refusalPeriod = time.Minute

func (r *refusals) log(log *slog.Logger, conn *remoting.Conn, h envelope.Handshake) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since++
	if now := time.Now(); now.Sub(r.logged) >= refusalPeriod {
		log.Warn("proxy refused, it does not prove the clusterKey", "proxy_id", h.ProxyID, "remote_addr", conn.RemoteAddr(), "refusals", r.since)
		r.logged, r.since = now, 0
	}
}
