package stage

import (
	"slices"
	"sync"
	"time"

	"gantry/tools/compat/agent"
)

// TransactionProducer is a started producer of transactions, with the checks that it was asked.
type TransactionProducer struct {
	client *Client
	member string

	mu     sync.Mutex // guards checks
	checks []agent.Delivered
}

// TransactionProducer starts a member of a producer group; it ends with the test. A Go client answers checks for the first
// group of its process only: it should be one of its own.
func (c *Client) TransactionProducer(group string) *TransactionProducer {
	c.t.Helper()
	p := &TransactionProducer{client: c, member: c.Unique("transactions")}
	c.agent.OnEvent(p.member, p.event)
	c.call("startTransactionProducer", agent.Producer{
		Member: p.member, Namesrv: c.server.Namesrv(), Group: group, Instance: p.member, SendTimeoutMillis: patientMillis,
	}, nil)
	c.t.Cleanup(func() { _ = c.agent.Call("shutdown", agent.Shutdown{Member: p.member}, nil) })
	return p
}

func (p *TransactionProducer) event(line agent.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line.Event == "checked" {
		p.checks = append(p.checks, *line.Message)
	}
}

// Send sends one message, which says what becomes of its transaction.
func (p *TransactionProducer) Send(m agent.Message, local, check string) agent.SendResult {
	p.client.t.Helper()
	result, err := p.Try(m, local, check)
	if err != nil || result.Status != "SEND_OK" {
		p.client.t.Fatalf("%s: a half message was answered %q, %v", p.client.Kind, result.Status, err)
	}
	return result
}

// Try is Send where that may fail; the error is the client's.
func (p *TransactionProducer) Try(m agent.Message, local, check string) (agent.SendResult, error) {
	m.Properties = map[string]string{agent.LocalProperty: local, agent.CheckProperty: check}
	var results []agent.SendResult
	if err := p.client.agent.Call("sendTransaction", agent.Send{Member: p.member, Messages: []agent.Message{m}}, &results); err != nil {
		return agent.SendResult{}, err
	}
	return results[0], nil
}

// Checks are those of a message, by its keys.
func (p *TransactionProducer) Checks(keys string) (of []agent.Delivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.checks {
		if c.Keys == keys {
			of = append(of, c)
		}
	}
	return slices.Clone(of)
}

// AwaitChecks waits until it was asked about a message so often.
func (p *TransactionProducer) AwaitChecks(within time.Duration, keys string, n int) []agent.Delivered {
	p.client.t.Helper()
	Eventually(p.client.t, within, "checks of "+keys, func() bool { return len(p.Checks(keys)) >= n })
	return p.Checks(keys)
}
