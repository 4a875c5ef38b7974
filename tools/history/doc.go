// Package history records what the clients of one run did, send by send and
// delivery by delivery, and checks what must hold of it whatever happened to the
// servers: no acknowledged message lost, none that nobody sent, order, places
// that never change their message, duplicates only where a fault explains them,
// and one member a queue.
//
// A run is a list of events, written as text, a line each, so that one that
// failed can be kept, read and checked again. The package starts no client and
// no server and knows no test: who records says what it saw, and what it has a
// right to expect.
package history
