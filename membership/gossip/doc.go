// Package gossip lets proxies and nodes find each other from any one seed, and
// notice sooner than a registration's expiry that one of them is gone
// (hashicorp/memberlist, SWIM): each states its role and addresses, and some
// share a state of their own whenever two exchange what they know.
//
// A member is known by its id. Each start of a process is a run of its own, so
// that one that returns under another address is the same member at once: the
// latest run that lives counts.
//
// It elects nobody, withdraws no registration and knows none: it suspects, and
// tells who asked. Nothing but speed may depend on it; where no seed answers, as
// with a stock NameServer, it says so once and goes on trying.
package gossip
