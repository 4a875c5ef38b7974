package tables

import (
	"context"
	"fmt"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// session is what goes over one connection to a master.
type session struct {
	f      *Follower
	client *remoting.Client
	java   *javaMaster // once it is known for one
}

// step asks once and says when to ask again.
func (s *session) step(ctx context.Context) (next time.Duration, err error) {
	if err := s.f.keepWaiting(); err != nil {
		return 0, err
	}
	if s.java == nil {
		known, err := s.follow(ctx)
		if known || err != nil {
			return s.f.config.Pace, err
		}
		s.java = &javaMaster{session: s}
	}
	return s.f.config.JavaInterval, s.java.ask(ctx)
}

func (s *session) invoke(ctx context.Context, bound time.Duration, r *remoting.Request) (*remoting.Command, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("nothing came for %v", bound))
	defer cancel()
	return s.client.Invoke(ctx, r)
}

// follow asks a Gantry master; known is false where it is none.
func (s *session) follow(ctx context.Context) (known bool, err error) {
	config, t, asked := &s.f.config, &s.f.config.Tables, time.Now()
	q := s.f.asked
	q.Topics, q.Groups, q.WaitMillis = t.Topics.Version(), t.Groups.Version(), config.Wait.Milliseconds()
	q.Own = t.Offsets.Own(config.HandBack)
	c, err := s.invoke(ctx, config.Wait+config.AnswerBound, &remoting.Request{Code: CodeFollow, Body: encode(q)})
	switch {
	case err != nil:
		return false, err
	case c.Code == protocol.RequestCodeNotSupported:
		return false, nil
	case c.Code != protocol.Success:
		return true, &protocol.Error{Code: c.Code, Remark: c.Remark}
	}
	var a answer
	if err := decode("a master's tables", c.Body, &a); err != nil {
		return true, err
	}
	return true, s.take(&a, asked)
}

// take makes what a Gantry master has answered the slave's.
func (s *session) take(a *answer, asked time.Time) error {
	t := &s.f.config.Tables
	for _, part := range []struct {
		text  []byte
		adopt func([]byte) error
	}{{a.Topics, t.Topics.Replace}, {a.Groups, t.Groups.Replace}, {a.Subscriptions, t.Subscriptions.AdoptKept}} {
		if len(part.text) > 0 {
			if err := part.adopt(part.text); err != nil {
				return err
			}
		}
	}
	if a.Delays != "" {
		s.f.delays.add([]byte(a.Delays), a.LogEnd, newest)
	}
	if a.Timers != "" && t.KeepTimers != nil {
		s.f.timers.add([]byte(a.Timers), a.LogEnd, newest)
	}
	return s.f.takeOffsets(a, asked)
}

func (f *Follower) takeOffsets(a *answer, asked time.Time) error {
	offsets := f.config.Tables.Offsets
	if a.Run != f.asked.Run {
		f.place = offsets.Place()
	}
	joining := a.Run != f.joined
	changes, later := f.part(a.Changes, asked)
	f.answered = asked
	if err := offsets.Hear(changes, asked, joining); err != nil {
		return err
	}
	f.wait(later, a.LogEnd)
	f.asked = question{Run: a.Run, Offsets: a.Offsets, Subscriptions: a.Subscribed, Delays: a.Delayed, Timers: a.Timed}
	if a.More {
		return nil
	}
	f.heard("gantry")
	if f.joined = a.Run; joining {
		return offsets.Unheard(f.place, time.Duration(a.SavedAgeMillis)*time.Millisecond, f.logFirst)
	}
	return nil
}
