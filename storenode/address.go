package storenode

import (
	"net"
	"strconv"
	"strings"
)

// brokerIP is BrokerIP1 without the brackets that an IPv6 address has at the Java
// broker, which makes addresses by putting a port behind it.
func (c Config) brokerIP() string { return strings.Trim(c.BrokerIP1, "[]") }

// Address is what the node is told to others by, HOST:PORT.
func (c Config) Address() string { return c.address(c.ListenPort) }

func (c Config) address(port int) string {
	return net.JoinHostPort(c.brokerIP(), strconv.Itoa(port))
}

// listenAddress is where it listens at a port. 0.0.0.0 is all addresses of both
// families, as in Java.
func (c Config) listenAddress(port int) string {
	host := c.BindAddress
	if host == "0.0.0.0" {
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
