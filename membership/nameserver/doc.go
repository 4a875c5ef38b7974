// Package nameserver answers where a topic's queues are: topic → shards →
// addresses, soft state made of registrations and nothing else. It is
// RocketMQ's NameServer (RouteInfoManager and DefaultRequestProcessor of 4.9.7
// are the oracle) with one addition: it proposes a slot to every shard whose
// nodes can be reached through a gateway.
//
// Table is the state, Server the codes on top of it. Nodes register through
// membership/registration; a proxy embeds Server and sets Config.View to give
// clients its own addresses instead of the nodes'.
//
// It opens no listener, dials nobody, keeps nothing on disk, and decides no
// master: the last node that registers as brokerId 0 is the one it names.
package nameserver
