// Package admin is what administrators ask name servers and brokers, as typed
// calls: clusters, topics, groups, offsets and stored messages, as RocketMQ's
// DefaultMQAdminExtImpl (4.9.7) puts the questions together, so that they work
// against its brokers too. It stands on tools/client, and prints nothing: columns
// are mqadmin's business.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// requestMillis is how long an administrator waits for an answer.
const requestMillis = 5000

// Admin asks one cluster's name servers, and the brokers that they name.
type Admin struct {
	*client.Client
	namesrv []string
}

// Open makes an Admin; namesrv is a list as -n takes it. It dials nothing yet.
func Open(namesrv string, dial remoting.DialFunc) (*Admin, error) {
	list, err := client.ParseNamesrv(namesrv)
	if err != nil {
		return nil, err
	}
	c, err := client.Open(client.Config{Namesrv: list, Dial: dial, RequestMillis: requestMillis})
	if err != nil {
		return nil, err
	}
	return &Admin{Client: c, namesrv: list}, nil
}

// NameServers are the addresses given.
func (a *Admin) NameServers() []string { return a.namesrv }

// decoded is a body.
type decoded interface{ Decode(body []byte) error }

// namesrvBody asks a name server a question whose answer is a body.
func (a *Admin) namesrvBody(ctx context.Context, code int32, header remoting.Header, into decoded) error {
	answer, err := a.AskNamesrv(ctx, &remoting.Request{Code: code, Header: header})
	if err != nil {
		return fmt.Errorf("%s: %w", protocol.RequestName(code), err)
	}
	return into.Decode(answer.Body)
}

// body asks a broker a question whose answer is a body.
func (a *Admin) body(ctx context.Context, addr string, code int32, header remoting.Header, into decoded) error {
	answer, err := a.ask(ctx, addr, &remoting.Request{Code: code, Header: header})
	if err != nil {
		return err
	}
	return into.Decode(answer.Body)
}

func (a *Admin) ask(ctx context.Context, addr string, r *remoting.Request) (*remoting.Command, error) {
	answer, err := a.Call(ctx, addr, r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", addr, protocol.RequestName(r.Code), err)
	}
	return answer, nil
}

// Has reports whether err is a refusal with that code.
func Has(err error, code int32) bool {
	var refused *protocol.Error
	return errors.As(err, &refused) && refused.Code == code
}

// sameAddr reports whether two broker addresses mean the same, a name resolved.
func sameAddr(one, other string) bool {
	a, errA := net.ResolveTCPAddr("tcp", one)
	b, errB := net.ResolveTCPAddr("tcp", other)
	return one == other || errA == nil && errB == nil && a.Port == b.Port && a.IP.Equal(b.IP)
}
