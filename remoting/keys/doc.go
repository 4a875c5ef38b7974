// Package keys is the table of every key that a configuration file may have:
// those of RocketMQ 4.9's configuration objects and ours, each with its type, its
// default and what it does here. What is read from a file, what -p and -m print,
// what codes 25 and 318 may change, what a misspelt key is compared with, and the
// table in docs/compatibility.md all come from it.
//
// Its neighbour properties reads the text; the fields that keep what is honoured
// are in the structs of storenode, proxy and membership, and a test of the root
// holds fields and rows together. It opens nothing and decides nothing.
//
// A key becomes honoured by a tagged field and by Fixed or Live in its row.
package keys
