package admin

import (
	"context"
	"fmt"
	"strconv"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/hastatus"
)

// HAStatus is how a shard's copies stand as one of them says. A Java broker,
// which has no such answer, says no more than where its log begins and ends.
func (a *Admin) HAStatus(ctx context.Context, b Broker) (s hastatus.Status, err error) {
	answer, err := a.Call(ctx, b.Addr, &remoting.Request{Code: hastatus.Code})
	if Has(err, protocol.RequestCodeNotSupported) {
		return a.javaHAStatus(ctx, b)
	}
	if err != nil {
		return s, fmt.Errorf("%s HA status: %w", b.Addr, err)
	}
	return s, s.Decode(answer.Body)
}

func (a *Admin) javaHAStatus(ctx context.Context, b Broker) (s hastatus.Status, err error) {
	says, err := a.RuntimeInfo(ctx, b.Addr)
	if err != nil {
		return s, err
	}
	s = hastatus.Status{BrokerName: b.Name, BrokerID: b.ID, Role: "JAVA"}
	for key, figure := range map[string]*int64{"commitLogMinOffset": &s.Begin, "commitLogMaxOffset": &s.End} {
		if *figure, err = strconv.ParseInt(says[key], 10, 64); err != nil {
			return s, fmt.Errorf("%s of %s: %w", key, b.Addr, err)
		}
	}
	return s, nil
}
