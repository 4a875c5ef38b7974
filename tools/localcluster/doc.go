// Package localcluster runs a cluster of real gantry processes on this machine
// for a test: several proxies and one node for each shard, each on a host of its
// own. A host is a loopback address, or a network namespace (root and ip of
// iproute2 are needed), between two of which the network can be cut.
//
// Processes are killed, stopped and started again by their id; whether the
// cluster serves is found out by asking it, as clients do. What a process may
// not do by itself, end or panic, fails the test. The package runs no client,
// and holds no expectation of what a cluster does under a fault.
package localcluster
