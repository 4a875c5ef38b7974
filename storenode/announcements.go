package storenode

import (
	"context"
	"log/slog"
	"time"
)

// announceInSendBound is how long the answer to a send may wait for name servers.
const announceInSendBound = time.Second

// announcements lets a send that made its topic be answered when the name
// servers within reach know the topic: who consumes after that answer finds a
// route. The Java broker has only written to them by then
// (TopicConfigManager.createTopicInSendMessageMethod).
type announcements struct {
	log        *slog.Logger
	background *background
	announce   func(context.Context) error
}

// start announces what there is now; the channel is closed when it is known, or
// after announceInSendBound.
func (a announcements) start() <-chan struct{} {
	known := make(chan struct{})
	a.background.beside(func() {
		defer close(known)
		ctx, cancel := context.WithTimeout(context.Background(), announceInSendBound)
		defer cancel()
		if err := a.announce(ctx); err != nil {
			a.log.Warn("a topic made by a send is not announced in time", "err", err)
		}
	})
	return known
}

// after runs f once known is closed; f must not block.
func (a announcements) after(known <-chan struct{}, f func()) {
	a.background.beside(func() { <-known; f() })
}
