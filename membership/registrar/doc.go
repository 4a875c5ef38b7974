// Package registrar keeps a storage node known to every name server it is told
// of, Gantry's proxies and stock NameServers alike: one connection each, a
// registration at once when one appears, at intervals, and when the node's
// topics change; a withdrawal when the node stops. Name servers are configured,
// or gossip has found them.
//
// It knows nothing of topics and slots but where to ask for the current ones and
// whom to tell what was answered. It never stops a start: a name server that
// cannot be reached, or whose name does not resolve, is one log line and is
// tried again.
package registrar
