package admin

import (
	"context"
	"encoding/json"
	"strings"

	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
)

// runningInfo is what of a consumer's account of itself (code 307) is of use here.
type runningInfo struct {
	MqTable protocol.QueueTable[json.RawMessage] `json:"mqTable"`
}

// Decode reads a body.
func (r *runningInfo) Decode(body []byte) error { return fastjson.Unmarshal(body, r) }

// Owners are the hosts of the members that consume each of a group's queues, as
// far as members say so.
func (a *Admin) Owners(ctx context.Context, group string) map[protocol.MessageQueue]string {
	found := map[protocol.MessageQueue]string{}
	members, err := a.Connections(ctx, group)
	if err != nil {
		return found
	}
	shards, err := a.shards(ctx, RetryTopic(group))
	if err != nil || len(shards) == 0 {
		return found
	}
	for _, m := range members.ConnectionSet {
		var says runningInfo
		err := a.body(ctx, shards[0].Addr, protocol.GetConsumerRunningInfo, protocol.GetConsumerRunningInfoRequest{ConsumerGroup: group, ClientID: m.ClientID}, &says)
		if err != nil {
			continue
		}
		host, _, _ := strings.Cut(m.ClientID, "@")
		for q := range says.MqTable {
			found[q] = host
		}
	}
	return found
}
