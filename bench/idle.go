package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// IdleOptions say how many members wait for messages that do not come.
type IdleOptions struct {
	Client  client.Config
	Topic   string // made with one queue for each member of a group
	Groups  int
	Members int // of each group
	Seconds int // after all have joined, 0: until stopped
	// JoinsPerSecond is how fast they come.
	JoinsPerSecond int
}

// What stock consumers do.
const (
	idleHold  = 15 * time.Second
	idleBeat  = 30 * time.Second
	idleGrace = 15 * time.Second

	joinsPerSecond = 1000 // unless told
)

func idleCommand() *cli.Command {
	return &cli.Command{
		Name:  "idle",
		Usage: "many push consumers that wait: each with a connection, a heartbeat each 30 s and a held pull of one queue",
		Flags: []cli.Flag{
			namesrvFlag(),
			&cli.StringFlag{Name: "t", Aliases: []string{"topic"}, Value: "BenchmarkIdle", Usage: "`TOPIC`"},
			&cli.IntFlag{Name: "groups", Value: 1000, Usage: "`NUMBER` of groups"},
			&cli.IntFlag{Name: "members", Value: 10, Usage: "`NUMBER` of members of each"},
			&cli.IntFlag{Name: "rate", Value: joinsPerSecond, Usage: "`NUMBER` that join in a second"},
			secondsFlag(), headerFlag(),
		},
		Action: untilStopped(func(ctx context.Context, c *cli.Context) error {
			config, err := clientConfig(c)
			if err != nil {
				return err
			}
			o := IdleOptions{Client: config, Topic: c.String("t"), Groups: c.Int("groups"), Members: c.Int("members"),
				Seconds: c.Int("seconds"), JoinsPerSecond: c.Int("rate")}
			return Idle(ctx, o, c.App.Writer)
		}),
	}
}

// idleRun is one run; its members share nothing but the counters.
type idleRun struct {
	options IdleOptions
	target  []client.Target // by member of a group
	joined  atomic.Int64
	pulls   atomic.Int64
	failed  atomic.Int64
	reason  atomic.Pointer[error] // of the last failure
}

// Idle has all members join, waits, and says how many were there and what failed.
func Idle(ctx context.Context, o IdleOptions, out io.Writer) error {
	if o.Groups <= 0 || o.Members <= 0 || o.JoinsPerSecond <= 0 {
		return fmt.Errorf("%d groups of %d members, %d joining a second: none may be 0 or less", o.Groups, o.Members, o.JoinsPerSecond)
	}
	r := &idleRun{options: o}
	if err := r.findQueues(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var members sync.WaitGroup
	r.start(ctx, &members)
	r.await(ctx)
	fmt.Fprintf(out, "Idle members: %d of %d\n", r.joined.Load(), o.Groups*o.Members)
	r.pulls.Store(0)
	r.stay(ctx)
	fmt.Fprintf(out, "Idle members: %d, pulls answered meanwhile: %d, failures: %d\n", r.joined.Load(), r.pulls.Load(), r.failed.Load())
	cancel()
	members.Wait()
	if reason := r.reason.Load(); reason != nil {
		fmt.Fprintf(out, "Last failure: %v\n", *reason)
	}
	return nil
}

func (r *idleRun) findQueues(ctx context.Context) error {
	c, err := client.Open(r.options.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := makeTopics(ctx, c, []string{r.options.Topic}, int32(r.options.Members)); err != nil {
		return err
	}
	route, err := c.Route(ctx, r.options.Topic)
	if err == nil {
		r.target = route.Subscribe
	}
	return err
}

// start has the members join in an even stream.
func (r *idleRun) start(ctx context.Context, members *sync.WaitGroup) {
	pace := time.NewTicker(time.Second / time.Duration(r.options.JoinsPerSecond))
	defer pace.Stop()
	for g := range r.options.Groups {
		for m := range r.options.Members {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
			members.Go(func() {
				if err := r.member(ctx, g, m); err != nil && ctx.Err() == nil {
					r.failed.Add(1)
					r.reason.Store(&err)
				}
			})
		}
	}
}

// await returns when every member has joined or failed.
func (r *idleRun) await(ctx context.Context) {
	all := int64(r.options.Groups * r.options.Members)
	for r.joined.Load()+r.failed.Load() < all {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (r *idleRun) stay(ctx context.Context) {
	var over <-chan time.Time
	if r.options.Seconds > 0 {
		over = time.After(time.Duration(r.options.Seconds) * time.Second)
	}
	select {
	case <-ctx.Done():
	case <-over:
	}
}

// member is one consumer's life: it joins its group and waits for messages of its queue. Its first wait and its first heartbeat are
// somewhere in their periods, as of one that has been there for long: all together are even from the start.
func (r *idleRun) member(ctx context.Context, g, m int) error {
	group := fmt.Sprintf("idle_%d", g)
	target := &r.target[m%len(r.target)]
	dial := r.options.Client.Dial
	if dial == nil {
		dial = remoting.DialTCP
	}
	c, err := remoting.Dial(ctx, dial, target.Addr(0), remoting.Limits{}, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	beat := r.heartbeat(group, m)
	if err := ask(ctx, c, beat, idleGrace); err != nil {
		return err
	}
	r.joined.Add(1)
	defer r.joined.Add(-1)
	pull := r.pull(group, target, rand.N(idleHold))
	for last := time.Now().Add(-rand.N(idleBeat)); ctx.Err() == nil; r.pulls.Add(1) {
		if time.Since(last) >= idleBeat {
			last = time.Now()
			if err := ask(ctx, c, beat, idleGrace); err != nil {
				return err
			}
		}
		if err := ask(ctx, c, pull, idleHold+idleGrace); err != nil {
			return err
		}
		pull = r.pull(group, target, idleHold)
	}
	return nil
}

// ask sends a copy of the request; every answer but a refusal is good.
func ask(ctx context.Context, c *remoting.Client, r remoting.Request, bound time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	answer, err := c.Invoke(ctx, &r)
	if err == nil && answer.Code != protocol.Success && answer.Code != protocol.PullNotFound {
		err = fmt.Errorf("%s is answered %d %s", protocol.RequestName(r.Code), answer.Code, answer.Remark)
	}
	return err
}

func (r *idleRun) heartbeat(group string, member int) remoting.Request {
	d := protocol.HeartbeatData{ClientID: fmt.Sprintf("10.0.0.1@%s_%d", group, member), ConsumerDataSet: protocol.Set[protocol.ConsumerData]{{
		GroupName: group, ConsumeType: protocol.ConsumePassively, MessageModel: protocol.Clustering, ConsumeFromWhere: client.FromLastOffset,
		SubscriptionDataSet: protocol.Set[protocol.SubscriptionData]{{Topic: r.options.Topic, SubString: "*", ExpressionType: protocol.ExpressionTag, SubVersion: 1}},
	}}}
	return remoting.Request{Code: protocol.HeartBeat, Body: d.Encode(), Kind: r.options.Client.Kind}
}

func (r *idleRun) pull(group string, target *client.Target, hold time.Duration) remoting.Request {
	h := protocol.PullMessageRequest{ConsumerGroup: []byte(group), Topic: []byte(target.Topic), QueueID: target.QueueID, MaxMsgNums: 32,
		SysFlag: protocol.PullSuspend | protocol.PullSubscription, SuspendTimeoutMillis: hold.Milliseconds(), Subscription: []byte("*"),
		ExpressionType: []byte(protocol.ExpressionTag), SubVersion: 1, BrokerName: []byte(target.BrokerName)}
	return remoting.Request{Code: protocol.PullMessage, Header: h, Kind: r.options.Client.Kind}
}
