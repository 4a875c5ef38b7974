// Package nameserver answers where a topic's queues are: topic → shards →
// addresses, soft state made of registrations, of Java brokers and of Gantry's
// nodes alike. It is RocketMQ's NameServer (RouteInfoManager and
// DefaultRequestProcessor of 4.9.7 are the oracle, those of 5.3.3 for what only
// 5.x brokers and clients say) with two additions: it proposes a slot to every
// shard whose nodes can be reached through a gateway, and it tells what it knows
// to other name servers.
//
// Table is the state, Server the codes on top of it. Nodes register through
// membership/registrar; a proxy embeds Server and sets Config.View to give
// clients its own addresses instead of the nodes', and carries accounts to
// others by gossip.
//
// It opens no listener, dials nobody but nodes that are suspected of having
// ended, keeps nothing on disk, and decides no master: the last node that
// registers as brokerId 0 is the one it names.
package nameserver
