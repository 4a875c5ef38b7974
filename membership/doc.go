// Package membership says which processes are alive and what they are: role,
// shard and addresses.
//
// Registrations carry that knowledge: a storage node registers itself with
// every name server that it is told of or that gossip has found
// (membership/registrar), and a name server keeps what it heard as soft state
// (membership/nameserver). Gossip (membership/gossip) stands beside them: proxies
// and nodes find each other by it, a dead host is noticed sooner, and a new proxy
// hears at once what the others know. Nothing but speed may depend on it, and it
// withdraws no route by itself.
//
// The package tree knows no messages, no queues' contents and no sessions;
// storenode and proxy import it, never the other way round.
package membership
