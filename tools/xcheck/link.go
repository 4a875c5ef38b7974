package xcheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gantry/remoting"
)

// linkKey tells the connections of a run apart.
type linkKey struct {
	to Place
	as string
}

// link is one connection and what the server has asked on it.
type link struct {
	client *remoting.Client
	noted  chan *remoting.Command
}

// mostNotes bounds the server's requests that wait to be looked at; more are forgotten.
const mostNotes = 64

// reply is how a server answered: answer says whether, tree with what.
type reply struct {
	answer string
	tree   map[string]node
}

// link returns the connection of a key, dialled anew where there is none or the server has closed it.
func (r *runner) link(ctx context.Context, key linkKey) (*link, error) {
	if l := r.links[key]; l != nil {
		select {
		case <-l.client.Done():
		default:
			return l, nil
		}
	}
	l := &link{noted: make(chan *remoting.Command, mostNotes)}
	var err error
	if l.client, err = remoting.Dial(ctx, remoting.DialTCP, r.addrs[key.to], remoting.Limits{}, l.asked); err != nil {
		return nil, err
	}
	r.links[key] = l
	r.masker.addresses[l.client.Conn().LocalAddr().String()] = fmt.Sprintf("<client %s>", key.as)
	return l, nil
}

func (l *link) asked(c *remoting.Command, to remoting.Responder) {
	select {
	case l.noted <- c.Clone():
	default:
	}
	to.Drop()
}

// start sends a request and returns at once.
func (l *link) start(ctx context.Context, request *remoting.Request, wait time.Duration) chan reply {
	out := make(chan reply, 1)
	ctx, cancel := context.WithTimeout(ctx, wait)
	go func() {
		defer cancel()
		answer, err := l.client.Invoke(ctx, request)
		switch {
		case err == nil:
			out <- reply{answer: answered, tree: tree(answer)}
		case errors.Is(err, context.DeadlineExceeded):
			out <- reply{answer: unanswered}
		default:
			out <- reply{answer: cutOff}
		}
	}()
	return out
}

func await(ctx context.Context, from chan reply) (reply, error) {
	select {
	case got := <-from:
		return got, nil
	case <-ctx.Done():
		return reply{}, ctx.Err()
	}
}

// note waits for a request of the server with that code and forgets others.
func (l *link) note(ctx context.Context, code int32) (reply, error) {
	for deadline := time.After(answerBound); ; {
		select {
		case c := <-l.noted:
			if c.Code == code {
				return reply{answer: "request", tree: tree(c)}, nil
			}
		case <-deadline:
			return reply{answer: unanswered}, nil
		case <-ctx.Done():
			return reply{}, ctx.Err()
		}
	}
}
