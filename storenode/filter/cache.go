package filter

import "sync"

// Cache keeps the matchers of expressions that come with each pull anew. Its zero value is empty. What was not asked for
// lately goes; what it holds, by the bytes of the expressions and an allowance for each, is at most twice what is asked for
// in Compile.
type Cache struct {
	mu             sync.Mutex // guards the rest
	recent, before map[cacheKey]compiled
	recentBytes    int
}

type cacheKey struct{ kind, expression string }

// compiled is what Compile has returned.
type compiled struct {
	matcher Matcher
	err     error
}

// entryBytes is the allowance for what an expression is compiled to.
const entryBytes = 1 << 10

// Compile makes the matcher of a subscription as filter.Compile does, or returns the one made before. Nothing but type and
// expression may tell s from others. Errors: those of filter.Compile.
func (c *Cache) Compile(s *Subscription, maxBytes int) (Matcher, error) {
	key := cacheKey{s.Type, s.Expression}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, found := c.recent[key]
	if found {
		return known.matcher, known.err
	}
	if known, found = c.before[key]; !found {
		known.matcher, known.err = Compile(s)
	}
	c.keep(key, known, maxBytes)
	return known.matcher, known.err
}

// keep lets go of what was not asked for since the last time that the room was used up.
func (c *Cache) keep(key cacheKey, k compiled, maxBytes int) {
	bytes := entryBytes + len(key.kind) + len(key.expression)
	if c.recent == nil || c.recentBytes+bytes > maxBytes {
		c.before, c.recent, c.recentBytes = c.recent, map[cacheKey]compiled{}, 0
	}
	c.recent[key] = k
	c.recentBytes += bytes
}
