package nameserver

import "time"

// What becomes of a registration whose node gossip has lost sight of. Gossip
// alone ends none: the node itself is asked, and only one that answers nothing
// for pingFails is withdrawn.

const (
	pingFails  = 500 * time.Millisecond // silence that ends a registration
	pingSoon   = 50 * time.Millisecond  // between pings that fail
	pingAgain  = 2 * time.Second        // after one that was answered, while gossip's suspicion lasts
	pingAbsent = pingAgain              // where nothing is registered, lest it be then
)

// finding is what asking a suspected node has shown.
type finding int

const (
	absent  finding = iota // it is not registered
	answers                // whatever it says
	silent
)

// doubt is the suspicion against one node.
type doubt struct {
	since time.Time // when the first of those pings was sent that failed in a row; zero: none did
}

// weigh takes what a ping sent at asked has shown by now. It says whether the
// registration is to be withdrawn, unless it was renewed after d.since, and when
// to ask again.
func (d *doubt) weigh(f finding, asked, now time.Time) (withdraw bool, again time.Duration) {
	if f != silent {
		d.since = time.Time{}
		return false, map[finding]time.Duration{answers: pingAgain, absent: pingAbsent}[f]
	}
	if d.since.IsZero() {
		d.since = asked
	}
	if now.Sub(d.since) >= pingFails {
		return true, pingAgain
	}
	return false, pingSoon
}
