// Package membership says which processes are alive and what they are: role,
// shard and addresses.
//
// Registrations carry that knowledge: a storage node registers itself with
// every name server it is told of (membership/registration), and a name server
// keeps what it heard as soft state (membership/nameserver). Gossip among
// proxies, nodes and controllers stands here, beside them: it makes a death
// known sooner than a registration's expiry and spreads KV configuration, but
// nothing may depend on it for anything but speed, and it withdraws no route
// by itself.
//
// The package tree knows no messages, no queues' contents and no sessions;
// storenode and proxy import it, never the other way round.
package membership
