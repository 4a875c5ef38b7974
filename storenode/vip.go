package storenode

import (
	"net"

	"gantry/remoting"
)

// vipBelow is how far the VIP port lies below listenPort: clients with
// vipChannelEnabled, which it was before 4.5.1 unless told, send there.
const vipBelow = 2

// serveVIP serves the VIP port like the other one. That somebody else has it costs
// those clients and nobody else.
func (n *Node) serveVIP(open func(*remoting.Conn) remoting.FrameHandler) {
	if n.config.Listener != nil {
		return
	}
	l, err := net.Listen("tcp", n.config.listenAddress(n.config.ListenPort-vipBelow))
	if err != nil {
		n.log.Warn("VIP port not served, clients with vipChannelEnabled cannot send; let the listenPorts of one host differ by three or more", "err", err)
		return
	}
	n.conns.Serve(l, open)
}
