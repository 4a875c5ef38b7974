package admin

import (
	"context"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/storenode/resync"
)

// resyncPoll is how often a slave is asked whether it has found something.
const resyncPoll = 200 * time.Millisecond

// FindResync has a slave find where its log leaves its master's, and waits until
// it has. Error: also that the slave could not.
func (a *Admin) FindResync(ctx context.Context, b Broker) (resync.Answer, error) {
	for word := resync.Find; ; word = resync.Tell {
		found, err := a.askResync(ctx, b, resync.Question{Do: word})
		switch {
		case err != nil || found.State == resync.Found:
			return found, err
		case found.State != resync.Comparing:
			return found, fmt.Errorf("%s: %s", b.Addr, found.Error)
		}
		select {
		case <-time.After(resyncPoll):
		case <-ctx.Done():
			return found, fmt.Errorf("%s compares still: %w", b.Addr, ctx.Err())
		}
	}
}

// Resync has a slave cut off what FindResync has found; confirm is its Confirm, as
// an operator has typed it.
func (a *Admin) Resync(ctx context.Context, b Broker, confirm string, discard bool) (resync.Answer, error) {
	return a.askResync(ctx, b, resync.Question{Do: resync.Cut, Confirm: confirm, Discard: discard})
}

func (a *Admin) askResync(ctx context.Context, b Broker, q resync.Question) (r resync.Answer, err error) {
	answer, err := a.ask(ctx, b.Addr, &remoting.Request{Code: resync.Code, Body: q.Encode()})
	if err != nil {
		return r, err
	}
	return r, r.Decode(answer.Body)
}
