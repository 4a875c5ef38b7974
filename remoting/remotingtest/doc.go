// Package remotingtest holds what tests of the wire share: frames captured from
// stock clients and servers, and a network that fails on demand.
//
// It asserts nothing itself and is imported by tests only.
package remotingtest
