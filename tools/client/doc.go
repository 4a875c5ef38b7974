// Package client is a small RocketMQ client over remoting: it asks name servers
// for routes, sends (one by one, in batches, oneway, without waiting, in
// transactions), pulls, and consumes as a member of a group with heartbeats,
// rebalance and commits.
//
// The benchmark and the tools use it. It is not meant for applications: it has
// no ordered consumption and no message trace, and it knows nothing of proxies
// and storage nodes beyond what routes say.
package client
