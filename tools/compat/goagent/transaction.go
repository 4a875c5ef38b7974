package main

import (
	"context"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"

	"gantry/tools/compat/agent"
)

// transactions decides what becomes of a transaction by its message: property "local" at once, property "check" when asked.
type transactions struct {
	out    *output
	member string
}

var states = map[string]primitive.LocalTransactionState{"commit": primitive.CommitMessageState, "rollback": primitive.RollbackMessageState}

func stateOf(m *primitive.Message, property string) primitive.LocalTransactionState {
	if state, known := states[m.GetProperty(property)]; known {
		return state
	}
	return primitive.UnknowState
}

// ExecuteLocalTransaction implements primitive.TransactionListener.
func (t *transactions) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	return stateOf(m, "local")
}

// CheckLocalTransaction implements primitive.TransactionListener.
func (t *transactions) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	t.out.write(agent.Line{Event: "checked", Member: t.member, Message: encodeMessage(m)})
	return stateOf(&m.Message, "check")
}

// goTransactionProducer ends as other members do.
type goTransactionProducer struct{ rocketmq.TransactionProducer }

func (a *goAgent) startTransactionProducer(p agent.Producer) (any, error) {
	started, err := rocketmq.NewTransactionProducer(&transactions{a.out, p.Member},
		producer.WithNsResolver(nameServers(p.Namesrv)), producer.WithGroupName(p.Group), producer.WithInstanceName(p.Instance))
	if err != nil {
		return nil, err
	}
	if err := started.Start(); err != nil {
		return nil, err
	}
	return nil, a.members.put(p.Member, goTransactionProducer{started})
}

func (a *goAgent) sendTransaction(s agent.Send) (any, error) {
	p, err := find[goTransactionProducer](&a.members, s.Member)
	if err != nil {
		return nil, err
	}
	results := []agent.SendResult{}
	for _, given := range s.Messages {
		result, err := p.SendMessageInTransaction(context.Background(), decodeMessage(given))
		if err != nil {
			return nil, err
		}
		results = append(results, encodeResult(result.SendResult))
	}
	return results, nil
}
