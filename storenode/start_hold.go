package storenode

import (
	"log/slog"
	"sync"
	"time"
)

// startHold keeps back, after a start, what needs every client known. It opens
// when all proxies known to be alive have announced their clients, or after its
// bound: who is unknown then stays so until it registers.
type startHold struct {
	log     *slog.Logger
	most    int // kept back
	stop    chan struct{}
	running sync.WaitGroup

	mu        sync.Mutex // guards all below; never held while something is done
	open      bool
	ended     bool
	expected  map[string]bool // proxies known alive; nil where nobody has said
	announced map[string]bool
	kept      []func(known bool)
	named     map[string]bool // of them, those that are kept once
}

const (
	// startHoldBound leaves a client that has asked at the start 1.5 s before it gives up on the answer.
	startHoldBound = 1500 * time.Millisecond
	// announcedBound is how many proxies that announced their clients are remembered.
	announcedBound = 1024
)

func newStartHold(log *slog.Logger, most int) *startHold {
	return &startHold{log: log, most: most, stop: make(chan struct{}), announced: map[string]bool{}, named: map[string]bool{}}
}

// start begins to count the time; close must follow.
func (h *startHold) start() {
	h.running.Go(func() {
		select {
		case <-time.After(startHoldBound):
			h.openIf(func() bool { return true })
		case <-h.stop:
		}
	})
}

// do calls f, now or when the hold opens, with known true. With false it calls it
// where too much is kept back, and at the node's end. Of the same name, unless it
// is "", one is kept.
func (h *startHold) do(name string, f func(known bool)) {
	h.mu.Lock()
	now, known := true, h.open
	if !h.open && !h.ended && (h.named[name] || len(h.kept) < h.most) {
		now = false
		h.keep(name, f)
	}
	h.mu.Unlock()
	if now {
		f(known)
	}
}

// keep is for who holds mu.
func (h *startHold) keep(name string, f func(known bool)) {
	if h.named[name] {
		return
	}
	if name != "" {
		h.named[name] = true
	}
	h.kept = append(h.kept, f)
}

// expect says which proxies are known to be alive.
func (h *startHold) expect(proxyIDs []string) {
	h.openIf(func() bool {
		h.expected = map[string]bool{}
		for _, id := range proxyIDs {
			h.expected[id] = true
		}
		return h.complete()
	})
}

// hasAnnounced says that a proxy has announced all its clients.
func (h *startHold) hasAnnounced(proxyID string) {
	h.openIf(func() bool {
		if len(h.announced) < announcedBound {
			h.announced[proxyID] = true
		}
		return h.complete()
	})
}

// complete is for who holds mu.
func (h *startHold) complete() bool {
	for id := range h.expected {
		if !h.announced[id] {
			return false
		}
	}
	return len(h.expected) > 0
}

// openIf opens the hold if due, asked under mu, says so.
func (h *startHold) openIf(due func() bool) {
	h.mu.Lock()
	if h.open || h.ended || !due() {
		h.mu.Unlock()
		return
	}
	h.open = true
	h.log.Info("consumer lists are answered from now on", "kept_back", len(h.kept), "proxies_known", len(h.expected), "proxies_announced", len(h.announced))
	h.finish(true)
}

// close ends the hold.
func (h *startHold) close() {
	h.mu.Lock()
	if !h.ended {
		close(h.stop)
	}
	h.ended = true
	h.finish(false)
	h.running.Wait()
}

// finish does what was kept; it releases mu, which is held.
func (h *startHold) finish(known bool) {
	kept := h.kept
	h.kept, h.named = nil, nil
	h.mu.Unlock()
	for _, f := range kept {
		f(known)
	}
}
