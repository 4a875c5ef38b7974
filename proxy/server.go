// Package proxy is the address that clients know: it answers name-server
// questions and carries requests to storage nodes. It keeps no state on disk,
// opens no message and rewrites no client's frame.
//
// proxy/route says what clients are told, proxy/session holds them,
// proxy/upstream reaches the nodes; membership/nameserver is where the nodes
// register. It never imports storenode: a node is a peer behind envelopes.
package proxy

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"gantry/membership/nameserver"
	"gantry/proxy/route"
	"gantry/remoting"
)

// Server is one proxy.
type Server struct {
	config     Config
	asking     *remoting.Server // connections with name-server questions, nodes' registrations among them
	clients    *remoting.Server // connections to the ports of shards
	nameserver *nameserver.Server
	shards     *shards
	peers      *peers
}

// Start listens for name-server questions. Ports of shards open as the shards
// register; registered are further listeners on which nodes may register.
func Start(config Config, registered ...net.Listener) (*Server, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	s := &Server{config: config,
		asking:  remoting.NewServer(config.Log, config.Limits, config.Connections),
		clients: remoting.NewServer(config.Log, config.Limits, config.Connections)}
	s.peers = newPeers(config)
	s.shards = newShards(config, s.clients, func(served route.Slots) {
		s.peers.change(func(self *route.Peer) { self.Slots = served })
	})
	s.nameserver = nameserver.New(config.Log, nameserver.Config{
		View:            s.view(),
		OnShardsChanged: func() { s.shards.reconcile(s.nameserver.Table().Shards) },
		Dial:            config.Dial,
		OnNews:          config.OnNews,
		KeepKV:          config.KeepKV,
		SaveSettings:    config.SaveSettings,
		Settings:        config.Settings,
		FixedSettings:   config.fixedSettings(),
	})
	l, err := net.Listen("tcp", net.JoinHostPort(config.BindAddress, strconv.Itoa(config.ListenPort)))
	if err != nil {
		s.Close(context.Background())
		return nil, fmt.Errorf("name server cannot listen: %w", err)
	}
	if err := s.shards.openShared(); err != nil {
		l.Close()
		s.Close(context.Background())
		return nil, fmt.Errorf("address of all shards cannot be served: %w", err)
	}
	config.Prepare(s)
	for _, l := range append(registered, l) {
		s.asking.Serve(l, s.nameserver.Open)
	}
	return s, nil
}

// NameServer is where nodes register: gossip merges into it what other proxies
// know, and tells it of nodes that it has lost sight of.
func (s *Server) NameServer() *nameserver.Server { return s.nameserver }

func (s *Server) view() nameserver.View {
	gateway := route.Gateway{AdvertiseAddr: s.config.AdvertiseAddr, Port: s.shards.port, Proxies: s.peers.all}
	switch s.config.RouteMode {
	case DirectRoutes:
		return nameserver.Direct
	case SharedRoutes:
		return route.Shared{Gateway: gateway, BasePort: s.config.GatewayBasePort}.View
	}
	return gateway.View
}

// shardBound is how long a shard of the same process may take to be served.
const shardBound = 5 * time.Second

// AwaitShard returns when the master of a shard can be reached through this
// proxy.
func (s *Server) AwaitShard(brokerName string) error {
	ctx, cancel := context.WithTimeout(context.Background(), shardBound)
	defer cancel()
	if err := s.shards.await(ctx, copyID{brokerName, 0}); err != nil {
		return fmt.Errorf("shard %s is not served: %w", brokerName, err)
	}
	return nil
}

// settleBound is how long a stop waits for answers that are under way: less than
// what makes clients give up on them.
const settleBound = 2 * time.Second

// Settle refuses further requests for nodes and waits until the answers that are
// under way have come, and until the nodes have taken all that was sent, no
// longer than until ctx ends. Close must follow.
func (s *Server) Settle(ctx context.Context) {
	s.clients.CloseListeners()
	bounded, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	s.shards.settle(bounded)
}

// Close settles, lets go of clients and nodes, and returns when every goroutine
// has.
func (s *Server) Close(ctx context.Context) {
	s.Settle(ctx)
	s.shards.close() // first: a client may wait here for a node that does not read
	s.clients.Close(ctx)
	s.asking.Close(ctx)
	s.nameserver.Close()
}
