// Package doctor looks for what keeps a broker or its cluster from working:
// configuration, folders, limits, clock, ports, names, addresses that nobody can
// dial, versions that differ. Each finding comes with its remedy; the exit code is
// the worst one's.
//
// It asks as any client does (codes 106, 26 and 28), changes nothing, and needs no
// broker to run. How configuration files are read is the root's business, which
// hands it in; what a running store holds is tools/dump's.
package doctor
