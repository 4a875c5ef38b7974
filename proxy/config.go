package proxy

import (
	"log/slog"
	"slices"
	"strconv"

	"gantry/membership/nameserver"
	"gantry/proxy/upstream"
	"gantry/remoting"
	"gantry/remoting/properties"
)

// RouteMode says whose addresses clients are told.
type RouteMode string

const (
	GatewayRoutes RouteMode = "gateway" // the proxy's, a port per shard
	SharedRoutes  RouteMode = "shared"  // the proxy's, one port for all shards
	DirectRoutes  RouteMode = "direct"  // the nodes' own, as a stock NameServer gives
)

// DefaultGatewayBasePort is where slot 0 is served.
const DefaultGatewayBasePort = 20911

// Config is everything a proxy may be told. Zero values mean the defaults named;
// fields with a property tag are keys of the configuration file.
type Config struct {
	BindAddress string // where it listens, default 0.0.0.0
	ListenPort  int    // name-server questions, default 9876

	RouteMode       RouteMode `property:"routeMode"`        // default gateway
	AdvertiseAddr   string    `property:"advertiseAddr"`    // default: the address the asker connected to
	GatewayBasePort int       `property:"gatewayBasePort"`  // default 20911
	RetryMillis     int       `property:"proxyRetryMillis"` // default 2,000
	ClusterKey      string    `property:"clusterKey"`       // default none

	nameserver.Settings

	DrainMillis      int `property:"drainMillis"` // the longest Drain, default 45,000
	DrainQuietMillis int // nothing comes for so long where clients have left, default 5,000
	RoutePollMillis  int // clients ask for their routes so often, default 30,000 as they do

	upstream.Bounds                 // what clients may have under way
	Connections     int             `property:"proxyConnections"` // bound of clients at shards, and of who asks the name server, default remoting.DefaultConnections
	Limits          remoting.Limits // of each client's connection, and of what all leave unread

	// OnSelf is told after what Server.Self returns is not what it was: other
	// proxies are to hear it. It may be called from several goroutines at once,
	// before Start has returned, and must not block.
	OnSelf func()

	// OnNews is told after an operator has changed what proxies tell each other. It
	// must not block.
	OnNews func()

	// KeepKV and SaveSettings keep what operators change (nameserver.Config); nil:
	// it lives as long as the process.
	KeepKV       func(nameserver.KV) error
	SaveSettings func(changed []properties.Entry) error

	// Prepare is called before the first question is answered, which waits for it:
	// what others know by then is known from the start.
	Prepare func(*Server)

	ProxyID string            // one running proxy
	Release string            // told by code 319 as gantryRelease
	Dial    remoting.DialFunc // how nodes are reached, default TCP
	Log     *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.BindAddress == "" {
		c.BindAddress = "0.0.0.0"
	}
	if c.RouteMode == "" {
		c.RouteMode = GatewayRoutes
	}
	for _, f := range []struct {
		field    *int
		standard int
	}{{&c.ListenPort, 9876}, {&c.GatewayBasePort, DefaultGatewayBasePort}, {&c.DrainMillis, 45_000}, {&c.DrainQuietMillis, 5_000}, {&c.RoutePollMillis, 30_000}} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	if c.OnSelf == nil {
		c.OnSelf = func() {}
	}
	if c.Prepare == nil {
		c.Prepare = func(*Server) {}
	}
	if c.Dial == nil {
		c.Dial = remoting.DialTCP
	}
	return c
}

// Validate names the first setting that cannot be used.
func (c Config) Validate() error {
	c = c.withDefaults()
	if !slices.Contains([]RouteMode{GatewayRoutes, SharedRoutes, DirectRoutes}, c.RouteMode) {
		return properties.Refuse("routeMode", c.RouteMode, "is none of gateway, shared and direct")
	}
	if c.GatewayBasePort < 3 || c.GatewayBasePort > 65535 {
		return properties.Refuse("gatewayBasePort", c.GatewayBasePort, "is not a port from 3 to 65535")
	}
	if c.Connections < 0 {
		return properties.Refuse("proxyConnections", c.Connections, "is below 0")
	}
	return c.Bounds.Validate()
}

// fixedSettings are those that a client may ask for (code 319) and nobody changes
// while the proxy runs.
func (c Config) fixedSettings() []properties.Entry {
	return []properties.Entry{
		{Key: "listenPort", Value: strconv.Itoa(c.ListenPort)},
		{Key: "routeMode", Value: string(c.RouteMode)},
		{Key: "advertiseAddr", Value: c.AdvertiseAddr},
		{Key: "gatewayBasePort", Value: strconv.Itoa(c.GatewayBasePort)},
		{Key: "gantryRelease", Value: c.Release},
	}
}
