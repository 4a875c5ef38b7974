package session

import "gantry/proxy/upstream"

// Rule is how the requests of one code travel, and how their shard is found
// where the address they came to is that of all shards (routeMode=shared). On a
// shard's own port the port says it.
type Rule struct {
	upstream.Policy
	Place Place
}

// Place says how a request's shard is found.
type Place int

const (
	// ByName: the broker that the header names in bname. Clients do since Java
	// 4.9.5; the others are refused.
	ByName Place = iota
	// ByShortName: the same in n, the short form of sends.
	ByShortName
	// ByBody: bname, else the one broker of all queues in the body.
	ByBody
	// Everywhere: every shard, so that each knows all members of a group.
	Everywhere
	// Anywhere: one shard, as all would answer the same.
	Anywhere
	// Merged: every shard, and their messages as one answer.
	Merged
)
