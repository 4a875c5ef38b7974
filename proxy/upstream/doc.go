// Package upstream is a proxy's way to storage nodes: per node a few connections
// by class, the sessions announced on them, and what happens to requests when
// the node goes away and comes back (design, Sessions).
//
// It forwards frames byte for byte and knows nothing of ports, routes and
// listeners; who the clients are is the business of proxy/session.
package upstream
