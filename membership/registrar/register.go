package registrar

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"gantry/membership"
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 103 REGISTER_BROKER and 104 UNREGISTER_BROKER as a node sends them: what
// a stock NameServer needs, and the fields that only a Gantry name server reads.
// Java: BrokerOuterAPI.

// register states the node's current registration and hands the answer on; it
// returns how long to wait for a slot, if at all. Its error is the connection's;
// an answer that refuses is logged and keeps the connection.
func (l *link) register(ctx context.Context, client *remoting.Client) (slotWait time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, millis(l.config.TimeoutMillis),
		fmt.Errorf("nothing came for %d ms", l.config.TimeoutMillis))
	defer cancel()
	l.sent = l.config.Current()
	answer, err := client.Invoke(ctx, registerRequest(l.sent))
	if err != nil {
		return 0, fmt.Errorf("register: %w", err)
	}
	read, slotWait, err := l.readAnswer(answer)
	if err != nil {
		l.logRefusal(err)
		return 0, nil
	}
	l.logRegistered()
	l.config.OnAnswer(read)
	return slotWait, nil
}

func registerRequest(r membership.Registration) *remoting.Request {
	body := protocol.RegisterBrokerBody{TopicConfig: protocol.TopicConfigSerializeWrapper{
		DataVersion:      r.DataVersion,
		TopicConfigTable: r.Topics,
	}}.Encode()
	return &remoting.Request{
		Code: protocol.RegisterBroker,
		Header: membership.RegisterRequest{
			RegisterBrokerRequest: protocol.RegisterBrokerRequest{
				BrokerName:   r.BrokerName,
				BrokerAddr:   r.Addr,
				ClusterName:  r.Cluster,
				HAServerAddr: r.HAServerAddr,
				BrokerID:     r.BrokerID,
				BodyCRC32:    int32(crc32.ChecksumIEEE(body) & 0x7FFFFFFF), // UtilAll.crc32

				StatesActingMaster: true, // as brokers from 5.0 on: where the master is away, a slave's topics count
			},
			Gateway: r.Gateway,
			Slot:    r.Slot,
		},
		Body: body,
	}
}

func (l *link) readAnswer(c *remoting.Command) (Answer, time.Duration, error) {
	if c.Code != protocol.Success {
		return Answer{}, 0, &protocol.Error{Code: c.Code, Remark: c.Remark}
	}
	var h membership.RegisterResponse
	if err := h.Decode(c.Ext); err != nil {
		return Answer{}, 0, err
	}
	slotWait := millis(int(h.SlotWaitMillis))
	answer := Answer{NameServer: l.addr, MasterAddr: h.MasterAddr, HAServerAddr: h.HAServerAddr,
		Slot: h.Slot, Stated: l.sent.Slot}
	if len(c.Body) == 0 {
		return answer, slotWait, nil
	}
	var ordered protocol.KVTable
	if err := ordered.Decode(c.Body); err != nil {
		return Answer{}, 0, err
	}
	answer.OrderTopics = ordered.Table
	return answer, slotWait, nil
}

// logRefusal says once what each answer repeats.
func (l *link) logRefusal(err error) {
	if l.refused != err.Error() {
		l.refused = err.Error()
		l.log.Warn("registration refused", "broker_name", l.sent.BrokerName, "broker_id", l.sent.BrokerID, "err", err)
	}
}

func (l *link) logRegistered() {
	if l.quiet || l.refused != "" || !l.known {
		l.log.Info("registered with name server", "broker_name", l.sent.BrokerName, "broker_id", l.sent.BrokerID,
			"broker_addr", l.sent.Addr, "slot", l.sent.Slot.Slot)
	}
	l.quiet, l.refused, l.known = false, "", true
}

// withdraw takes the registration back before the node stops. Where that fails
// the end of the connection does the same.
func (l *link) withdraw(ctx context.Context, client *remoting.Client) {
	if l.sent.BrokerName == "" {
		return
	}
	answer, err := client.Invoke(ctx, &remoting.Request{
		Code: protocol.UnregisterBroker,
		Header: protocol.UnregisterBrokerRequest{
			BrokerName:  l.sent.BrokerName,
			BrokerAddr:  l.sent.Addr,
			ClusterName: l.sent.Cluster,
			BrokerID:    l.sent.BrokerID,
		},
	})
	if err == nil && answer.Code != protocol.Success {
		err = &protocol.Error{Code: answer.Code, Remark: answer.Remark}
	}
	if err != nil && !errors.Is(err, remoting.ErrClosed) {
		l.log.Warn("registration not withdrawn", "broker_name", l.sent.BrokerName, "broker_id", l.sent.BrokerID, "err", err)
	}
}
