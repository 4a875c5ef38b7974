// Package bench is the official benchmark's workloads, with its options and its
// output lines, and what the project's own figures need: latency histograms, an
// open loop, a server that stores nothing, and the comparison of several systems
// in turn with its report.
//
// It sends and consumes through tools/client and measures from outside: it
// imports neither proxy nor storenode.
package bench
