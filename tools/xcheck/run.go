package xcheck

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"sync"
	"time"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
)

// Answer is what a server did about one step, its masked leaves.
type Answer struct {
	Step   string
	Leaves map[string]string
}

// Recording is a server's answers in the order of the script.
type Recording []Answer

// NeverCame is the value of the leaf "awaited" that a step gets whose Until did not become true.
const NeverCame = "never came"

// ErrNoBroker says that the name server knows no broker to send the script to.
var ErrNoBroker = errors.New("no broker is registered")

// runner plays the script against one server.
type runner struct {
	names  *names
	masker *masker
	addrs  map[Place]string
	links  map[linkKey]*link
	asked  map[string]chan reply // started steps by name
}

// Run plays steps against the deployment behind a name-server address. Its topics and groups have names of their own,
// so it may be run again against the same servers.
func Run(ctx context.Context, nameServer string, steps []Step) (Recording, error) {
	r := &runner{names: newNames(), links: map[linkKey]*link{}, asked: map[string]chan reply{}}
	r.masker = &masker{names: r.names, addresses: map[string]string{nameServer: "<name server>"}, brokers: map[string]string{}}
	defer r.close()
	if err := r.findBroker(ctx, nameServer); err != nil {
		return nil, err
	}
	recording := make(Recording, 0, len(steps))
	for len(steps) > 0 {
		together := 1
		for together < len(steps) && steps[0].Frame != "" && steps[together].Frame != "" {
			together++
		}
		answers, err := r.together(ctx, steps[:together])
		if err != nil {
			return nil, err
		}
		recording, steps = append(recording, answers...), steps[together:]
	}
	return recording, nil
}

// together does steps at the same time: one, or frames, which have connections of their own.
func (r *runner) together(ctx context.Context, steps []Step) ([]Answer, error) {
	answers := make([]Answer, len(steps))
	errs := make([]error, len(steps))
	var running sync.WaitGroup
	for i, step := range steps {
		running.Go(func() {
			l, err := r.step(ctx, step)
			if err != nil {
				errs[i] = fmt.Errorf("step %s: %w", step.Name, err)
			}
			answers[i] = Answer{Step: step.Name, Leaves: l}
		})
	}
	running.Wait()
	return answers, errors.Join(errs...)
}

// findBroker asks for the route that every broker with topic creation has.
func (r *runner) findBroker(ctx context.Context, nameServer string) error {
	const getRouteInfoByTopic = 105
	r.addrs = map[Place]string{NameServer: nameServer}
	l, err := r.link(ctx, linkKey{NameServer, ""})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerBound)
	defer cancel()
	route, err := l.client.Invoke(ctx, &remoting.Request{Code: getRouteInfoByTopic, Header: fields("topic", "TBW102")})
	if err != nil {
		return fmt.Errorf("ask %s for brokers: %w", nameServer, err)
	}
	var data struct {
		BrokerDatas []struct {
			Cluster, BrokerName string
			BrokerAddrs         map[string]string
		}
	}
	if route.Code == 0 {
		if err := fastjson.Unmarshal(route.Body, &data); err != nil {
			return fmt.Errorf("route of TBW102 from %s: %w", nameServer, err)
		}
	}
	if len(data.BrokerDatas) == 0 || data.BrokerDatas[0].BrokerAddrs["0"] == "" {
		return fmt.Errorf("%s: code %d %s: %w", nameServer, route.Code, route.Remark, ErrNoBroker)
	}
	broker := data.BrokerDatas[0]
	r.addrs[Broker] = broker.BrokerAddrs["0"]
	r.masker.addresses[r.addrs[Broker]] = "<broker>"
	r.masker.brokers[broker.BrokerName] = "<broker name>"
	r.masker.brokers[broker.Cluster] = "<cluster>"
	r.names.values["brokerName"], r.names.values["cluster"] = broker.BrokerName, broker.Cluster
	return nil
}

// step does one step, again and again where it waits for something, keeps what it is told to and masks the rest.
func (r *runner) step(ctx context.Context, s Step) (leaves, error) {
	want := r.names.expand(s.Until.Value)
	for deadline := time.Now().Add(untilBound); ; {
		got, err := r.do(ctx, s)
		if err != nil {
			return nil, err
		}
		raw := flatten(got.tree, unmasked)
		came := s.Until.Path == "" || raw[s.Until.Path] == want
		if came || time.Now().After(deadline) {
			r.keep(s, raw)
			out := r.leaves(got, s.Hide)
			if !came {
				out["awaited"] = NeverCame
			}
			return out, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(untilPause):
		}
	}
}

// keep gives names to the leaves that later steps speak of.
func (r *runner) keep(s Step, raw leaves) {
	for name, path := range s.Keep {
		if value, ok := raw[path]; ok {
			r.names.values[name] = value
		}
	}
}

func unmasked(_, value string) (string, bool) { return value, true }

func (r *runner) leaves(got reply, hide string) leaves {
	out := leaves{}
	if got.tree != nil {
		out = flatten(got.tree, r.masker.mask)
	}
	delete(out, hide)
	out["answer"] = got.answer
	return out
}

func (r *runner) do(ctx context.Context, s Step) (reply, error) {
	if s.Await != "" {
		return await(ctx, r.asked[s.Await])
	}
	if s.Frame != "" {
		return r.frame(ctx, s)
	}
	l, err := r.link(ctx, linkKey{s.To, s.As})
	if err != nil {
		return reply{}, err
	}
	if s.Notes != 0 {
		return l.note(ctx, s.Notes)
	}
	body, err := r.body(s)
	if err != nil {
		return reply{}, err
	}
	request := &remoting.Request{Code: s.Code, Kind: s.Kind, Oneway: s.Oneway, Body: body}
	if s.Fields != nil {
		request.Header = r.names.expandFields(s.Fields)
	}
	switch {
	case s.Oneway:
		return reply{answer: unanswered}, l.client.Oneway(request)
	case s.Start:
		r.asked[s.Name] = l.start(ctx, request, s.wait())
		return reply{answer: "awaited later"}, nil
	}
	return await(ctx, l.start(ctx, request, s.wait()))
}

// body is what the step sends; its checksum, as a registration has it, becomes ${bodyCrc32}.
func (r *runner) body(s Step) ([]byte, error) {
	body := []byte(r.names.expand(s.Body))
	if s.Packed {
		var registration protocol.RegisterBrokerBody
		if err := registration.Decode(body); err != nil {
			return nil, fmt.Errorf("pack %s: %w", s.Name, err)
		}
		body = registration.EncodeCompressed()
	}
	r.names.values["bodyCrc32"] = strconv.Itoa(int(crc32.ChecksumIEEE(body) & 0x7fffffff))
	return body, nil
}

func (s Step) wait() time.Duration {
	if s.Wait != 0 {
		return s.Wait
	}
	return answerBound
}

func (r *runner) close() {
	for _, l := range r.links {
		l.client.Close()
	}
}
