package proxy

import (
	"testing"

	"gantry/proxy/upstream"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

func TestWhatAppendsIsNeverSentTwice(t *testing.T) {
	for _, code := range []int32{protocol.SendMessage, protocol.SendMessageV2, protocol.SendBatchMessage,
		protocol.EndTransaction, protocol.ConsumerSendMsgBack, 4711} {
		if policyOf(code).Retry != upstream.WhenNotAppended {
			t.Errorf("code %d may be carried out twice", code)
		}
	}
}

func TestOnlyWhereAnErrorMisleadsAClientIsSilent(t *testing.T) {
	silent := map[int32]bool{protocol.QueryConsumerOffset: true, protocol.GetConsumerListByGroup: true, protocol.GetMaxOffset: true}
	for code, p := range requests {
		if (p.OnLoss == upstream.Silence) != silent[code] {
			t.Errorf("code %d: silence %v", code, p.OnLoss == upstream.Silence)
		}
	}
}

func TestWhatChangesMembershipKeepsItsOrder(t *testing.T) {
	for _, code := range []int32{protocol.HeartBeat, protocol.UnregisterClient, protocol.GetConsumerListByGroup,
		protocol.LockBatchMQ, protocol.UnlockBatchMQ, protocol.UpdateConsumerOffset, protocol.QueryConsumerOffset, 4711} {
		if policyOf(code).Class != envelope.Control {
			t.Errorf("code %d travels with the %s", code, policyOf(code).Class)
		}
	}
}
