// Package replica copies a shard's commit log from its master to its slaves,
// byte for byte, over RocketMQ's HA wire format (HAService, HAConnection 4.9.7):
// either side may be a Java broker.
//
// A Master listens on haListenPort, sends each slave the log from where that
// slave asks, and knows what its slaves have: NewMaster, Appended (each time the
// log has grown), Wait (a send under SYNC_MASTER), Status, Close. A Slave dials
// its master, appends what comes and reports its end: NewSlave, Follow (where
// the master is, each time a registration or haMasterAddress says so), Status,
// Close. The node builds the one or the other by its role, hands it the store,
// and closes it before the store.
//
// It stands on store and commitlog, which write and read the log. It knows no
// topics, offsets or groups (the node copies those tables itself), chooses no
// role and promotes nobody. What a shard that fails over by itself needs beside
// this, epochs and a confirmed end, has its place in frames and reports of
// another version; nothing of it is here.
package replica
