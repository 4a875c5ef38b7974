// Package xcheck runs one script of requests against two servers, a candidate (Gantry) and an oracle (the real
// RocketMQ 4.9.7), and names every difference in how they answer: whether there is an answer, its code, remark, header
// kind, extFields, its records and JSON bodies field by field, and whether a malformed frame costs the connection.
//
// script*.go hold what is asked. run.go plays it against one server and yields a Recording; leaves.go takes replies
// apart into leaves (a path and a value each); mask.go hides what differs between any two runs (addresses, times, ids);
// compare.go sets two recordings against each other; accepted_list.go lists the differences that are on purpose, from
// which docs/compatibility.md gets its table. The idea is that of zetcd's xchk and FerretDB's diff modes.
//
// Its neighbours are remoting, whose client it uses for well-formed frames, and tools/compat, whose test runs it
// against the real broker. It starts no server, and it knows no expected answer: the oracle is the expectation.
package xcheck
