package proxy

import (
	"testing"

	"gantry/proxy/upstream"
	"gantry/remoting/envelope"
	"gantry/remoting/protocol"
)

func TestWhatAppendsIsSentTwiceOnlyWhereTheNodeKnowsItAgain(t *testing.T) {
	for code, want := range map[int32]upstream.Retry{
		protocol.SendMessage: upstream.Keyed, protocol.SendMessageV2: upstream.Keyed, protocol.SendBatchMessage: upstream.Keyed,
		protocol.ConsumerSendMsgBack: upstream.Known, protocol.EndTransaction: upstream.Known,
		protocol.SendReplyMessage: upstream.WhenNotAppended, 4711: upstream.WhenNotAppended,
	} {
		if got := policyOf(code).Retry; got != want {
			t.Errorf("code %d: %d, want %d", code, got, want)
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
