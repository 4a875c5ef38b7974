package storenode

import (
	"errors"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// What a slave answers to those who want to write: codes 10, 310, 320, 36 and 37, as
// a Java slave does (PutMessageStatus.SERVICE_NOT_AVAILABLE), whose other checks
// come first and may make the topic. It serves all else as its master does.

// roleRequests are answered otherwise than by a master, or by one role alone.
func (n *Node) roleRequests() []request {
	if n.config.Role() != Slave {
		return nil
	}
	sends := &sends{config: n.config, store: n.store}
	return []request{
		{protocol.SendMessage, sends.refuseAtSlave},
		{protocol.SendMessageV2, sends.refuseAtSlave},
		{protocol.SendBatchMessage, sends.refuseAtSlave},
		{protocol.ConsumerSendMsgBack, inline(n.log, sendBackAtSlave)},
		{protocol.EndTransaction, inline(n.log, endAtSlave)},
	}
}

var errSlave = errors.New("this is a slave")

// refuseAtSlave is a remoting.Handler.
func (s *sends) refuseAtSlave(_ *remoting.Command, to remoting.Responder) {
	var stated *protocol.Error
	errors.As(s.refusal(errSlave), &stated)
	to.Reply(s.withOrigin(&remoting.Response{Code: stated.Code, Remark: stated.Remark}, stated))
}

func sendBackAtSlave(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	return nil, protocol.Errorf(protocol.SystemError, "SERVICE_NOT_AVAILABLE: %v", errSlave)
}
