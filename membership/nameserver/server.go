package nameserver

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gantry/remoting"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// View says under which addresses asker is to reach a shard's nodes, by
// brokerId: its own choice of what Shard tells. A shard with no address is left
// out of the answer. It must not block.
type View func(asker *remoting.Channel, shard Shard) map[int64]string

// Direct is the View of a stock NameServer: the nodes' own addresses.
func Direct(_ *remoting.Channel, shard Shard) map[int64]string {
	addrs := make(map[int64]string, len(shard.Nodes))
	for _, n := range shard.Nodes {
		addrs[n.BrokerID] = n.Addr
	}
	return addrs
}

// Config is what a Server may be told. The zero value of a field means its
// default.
type Config struct {
	View View // default Direct

	// OnShardsChanged is told after an address or a slot of the table is not what
	// it was, and before the node whose registration changed it is answered. It
	// may be called from several goroutines at once, and must not block.
	OnShardsChanged func()

	// OnNews is told after an operator has changed KV configuration or a shard's
	// permission here: other name servers are to hear it. It must not block.
	OnNews func()

	Dial remoting.DialFunc // how a node is asked whether it lives, default TCP

	// KeepKV is given the whole KV configuration after each change by an operator,
	// and keeps it before he is answered; SaveSettings the same for settings. nil:
	// they live as long as the process.
	KeepKV       func(KV) error
	SaveSettings func(changed []properties.Entry) error

	Settings      Settings           // as it starts
	FixedSettings []properties.Entry // what code 319 tells beside them

	ExpireMillis int // without renewal for so long a registration ends, default 120,000
	ScanMillis   int // how often that is looked for, default 5,000

	NoSlots      bool // assign none: a name server of direct routes needs no slots
	SettleMillis int  // after the start only recorded slots count for so long, default 1,500; negative: not at all

	ContestMillis int // a slot just recorded is advertised after so long, lest another shard's earlier record is on its way, default 500; negative: at once

	MaxNodes     int // default 10,000
	MaxSlots     int // default 2,000: with 20 ports a slot, what lies between 20911 and 60911
	MaxKVEntries int // default 65,536
	MaxKVBytes   int // namespaces, keys and values together, default 1 MiB
}

func (c Config) withDefaults() Config {
	if c.View == nil {
		c.View = Direct
	}
	if c.Dial == nil {
		c.Dial = remoting.DialTCP
	}
	if c.OnShardsChanged == nil {
		c.OnShardsChanged = func() {}
	}
	if c.OnNews == nil {
		c.OnNews = func() {}
	}
	for _, f := range []struct {
		field    *int
		standard int
	}{{&c.ExpireMillis, 120_000}, {&c.ScanMillis, 5_000}, {&c.SettleMillis, 1_500}, {&c.ContestMillis, 500}, {&c.MaxNodes, 10_000}, {&c.MaxSlots, 2_000}, {&c.MaxKVEntries, 65_536}, {&c.MaxKVBytes, 1 << 20}} {
		if *f.field == 0 {
			*f.field = f.standard
		}
	}
	return c
}

func (c Config) bounds(start time.Time) Bounds {
	b := Bounds{Nodes: c.MaxNodes, Slots: c.MaxSlots,
		ProposeFrom: start.Add(time.Duration(c.SettleMillis) * time.Millisecond),
		Contest:     max(time.Duration(c.ContestMillis)*time.Millisecond, 0)}
	if c.NoSlots {
		b.Slots = 0
	}
	return b
}

// Server answers a name server's codes. Handle and Closed come from whoever owns
// the connections: a proxy, or Open where there is nothing but a name server.
type Server struct {
	log      *slog.Logger
	config   Config
	table    *Table
	kv       *kvTable
	keeping  sync.Mutex // held while KV configuration is kept, so that the last change stays
	settings atomic.Pointer[Settings]
	requests map[int32]answerFunc
	suspects suspects

	stop     chan struct{}
	stopOnce sync.Once
	running  sync.WaitGroup
}

// New starts a name server that knows nobody. Close ends its scan.
func New(log *slog.Logger, config Config) *Server {
	config = config.withDefaults()
	s := &Server{
		log:      log,
		config:   config,
		table:    NewTable(config.bounds(time.Now())),
		kv:       newKVTable(config.MaxKVEntries, config.MaxKVBytes),
		requests: requests(),
		suspects: newSuspects(),
		stop:     make(chan struct{}),
	}
	s.settings.Store(&config.Settings)
	s.running.Go(s.scan)
	return s
}

// Close ends the scan for expired registrations and the questions to suspected
// nodes, and returns when they have ended.
func (s *Server) Close() {
	s.stopOnce.Do(func() { close(s.stop) })
	s.closeSuspects()
	s.running.Wait()
}

// Table is the state behind the answers.
func (s *Server) Table() *Table { return s.table }

// Open makes every request of conn one to the name server.
func (s *Server) Open(conn *remoting.Conn) remoting.FrameHandler {
	return remoting.NewEndpoint(conn, s.Handle, s.Closed)
}

// Serves reports whether code is one of a name server's.
func (s *Server) Serves(code int32) bool { return s.requests[code] != nil }

// Handle answers one request before it returns. It is a remoting.Handler.
func (s *Server) Handle(c *remoting.Command, to remoting.Responder) {
	to.Reply(s.answer(c, to.Channel))
}

func (s *Server) answer(c *remoting.Command, from *remoting.Channel) *remoting.Response {
	answer := s.requests[c.Code]
	if answer == nil {
		return errorResponse(protocol.Errorf(protocol.RequestCodeNotSupported, " request type %d not supported", c.Code))
	}
	response, err := answer(s, c, from)
	if err != nil {
		return errorResponse(err)
	}
	if isNews(c.Code) {
		s.config.OnNews()
	}
	return response
}

// errorResponse is the one place where an error becomes a response code.
func errorResponse(err error) *remoting.Response {
	var stated *protocol.Error
	if errors.As(err, &stated) {
		return &remoting.Response{Code: stated.Code, Remark: stated.Remark}
	}
	return &remoting.Response{Code: protocol.SystemError, Remark: err.Error()}
}

// Closed ends the registrations that came over a connection: a node that dies
// leaves the routes at once.
func (s *Server) Closed(from *remoting.Channel) {
	s.removed(s.table.Closed(from, time.Now()), "broker left with its connection")
}

// scan ends registrations that nobody renews.
func (s *Server) scan() {
	tick := time.NewTicker(time.Duration(s.config.ScanMillis) * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			s.removed(s.table.Expire(now, s.usual()), "broker registration expired")
		}
	}
}

func (s *Server) removed(all []NodeAddr, why string) {
	for _, r := range all {
		s.log.Warn(why, "broker_name", r.BrokerName, "broker_id", r.BrokerID, "broker_addr", r.Addr)
	}
	if len(all) > 0 {
		s.config.OnShardsChanged()
	}
}
