package storenode

import (
	"sync"
	"sync/atomic"
)

// live is what a node's Settings are now.
type live struct {
	changing sync.Mutex // held by who changes them, so that one change follows another
	settings atomic.Pointer[Settings]
	changes  atomic.Int64
}

func newLive(s Settings) *live {
	l := &live{}
	l.settings.Store(&s)
	return l
}

// now is what the settings are now; what Config says where no node is open.
func (c *Config) now() *Settings {
	if c.live == nil {
		return &c.Settings
	}
	return c.live.settings.Load()
}
