package protocol

import "gantry/remoting"

// SendMessageRequest is the header of every send: codes 310 and 320 name its
// fields by letters (SendMessageRequestHeaderV2), codes 10 and 324 by words
// (SendMessageRequestHeader, here SendMessageRequestV1). The body is the
// message, of 320 a batch. []byte fields borrow from the command.
type SendMessageRequest struct {
	ProducerGroup         []byte
	Topic                 []byte
	DefaultTopic          []byte // whose configuration a created topic inherits, TBW102
	DefaultTopicQueueNums int32
	QueueID               int32 // negative: any
	SysFlag               int32
	BornTimestamp         int64 // ms, the client's clock
	Flag                  int32
	Properties            []byte // nil where absent
	ReconsumeTimes        int32
	UnitMode              bool
	MaxReconsumeTimes     int32
	HasMaxReconsumeTimes  bool // false where the field is absent
	Batch                 bool
	BrokerName            []byte // 4.9.5 and later; nil where absent
}

// SendMessageRequestV1 is the same header under its long names (codes 10, 324).
type SendMessageRequestV1 SendMessageRequest

// Indexes of the fields; the letter of a V2 field is 'a' plus its index.
const (
	sendProducerGroup = iota
	sendTopic
	sendDefaultTopic
	sendDefaultTopicQueueNums
	sendQueueID
	sendSysFlag
	sendBornTimestamp
	sendFlag
	sendProperties
	sendReconsumeTimes
	sendUnitMode
	sendMaxReconsumeTimes
	sendBatch
	sendBrokerName
	sendFieldCount
)

var sendLetters = [sendFieldCount]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"}

var sendNames = [sendFieldCount]string{
	"producerGroup", "topic", "defaultTopic", "defaultTopicQueueNums", "queueId", "sysFlag", "bornTimestamp",
	"flag", "properties", "reconsumeTimes", "unitMode", "maxReconsumeTimes", "batch", "bname",
}

// DecodeCode reads the fields as the request's code names them; its error is a
// *remoting.FieldError.
func (h *SendMessageRequest) DecodeCode(code int32, f remoting.Fields) error {
	if code == SendMessage || code == SendReplyMessage {
		return (*SendMessageRequestV1)(h).Decode(f)
	}
	return h.Decode(f)
}

// Decode reads the letters of codes 310, 320 and 325; its error is a
// *remoting.FieldError.
func (h *SendMessageRequest) Decode(f remoting.Fields) error {
	p := fieldPicker{names: sendLetters[:]}
	for i := range f {
		if k := f[i].Key; len(k) == 1 && k[0]-'a' < sendFieldCount {
			p.pick(int(k[0]-'a'), f[i].Value)
		}
	}
	return h.read(&p)
}

// Decode reads the long names of codes 10 and 324; its error is a
// *remoting.FieldError.
func (h *SendMessageRequestV1) Decode(f remoting.Fields) error {
	p := fieldPicker{names: sendNames[:]}
	for i := range f {
		if n := sendIndex(f[i].Key); n >= 0 {
			p.pick(n, f[i].Value)
		}
	}
	return (*SendMessageRequest)(h).read(&p)
}

// sendIndex is a switch because the compiler makes a search tree of it.
func sendIndex(key []byte) int {
	switch string(key) {
	case "producerGroup":
		return sendProducerGroup
	case "topic":
		return sendTopic
	case "defaultTopic":
		return sendDefaultTopic
	case "defaultTopicQueueNums":
		return sendDefaultTopicQueueNums
	case "queueId":
		return sendQueueID
	case "sysFlag":
		return sendSysFlag
	case "bornTimestamp":
		return sendBornTimestamp
	case "flag":
		return sendFlag
	case "properties":
		return sendProperties
	case "reconsumeTimes":
		return sendReconsumeTimes
	case "unitMode":
		return sendUnitMode
	case "maxReconsumeTimes":
		return sendMaxReconsumeTimes
	case "batch":
		return sendBatch
	case "bname":
		return sendBrokerName
	}
	return -1
}

func (h *SendMessageRequest) read(p *fieldPicker) error {
	h.ProducerGroup = p.bytes(sendProducerGroup)
	h.Topic = p.bytes(sendTopic)
	h.DefaultTopic = p.bytes(sendDefaultTopic)
	h.DefaultTopicQueueNums = p.int32(sendDefaultTopicQueueNums)
	h.QueueID = p.int32(sendQueueID)
	h.SysFlag = p.int32(sendSysFlag)
	h.BornTimestamp = p.int64(sendBornTimestamp)
	h.Flag = p.int32(sendFlag)
	h.Properties = p.optBytes(sendProperties)
	h.ReconsumeTimes = p.optInt32(sendReconsumeTimes, 0)
	h.UnitMode = p.optBool(sendUnitMode)
	h.MaxReconsumeTimes = p.optInt32(sendMaxReconsumeTimes, 0)
	h.HasMaxReconsumeTimes = p.has(sendMaxReconsumeTimes)
	h.Batch = p.optBool(sendBatch)
	h.BrokerName = p.optBytes(sendBrokerName)
	return p.err
}

// Encode writes the letters.
func (h SendMessageRequest) Encode(w *remoting.FieldWriter) { h.write(w, &sendLetters) }

// Encode writes the long names.
func (h SendMessageRequestV1) Encode(w *remoting.FieldWriter) {
	(*SendMessageRequest)(&h).write(w, &sendNames)
}

func (h *SendMessageRequest) write(w *remoting.FieldWriter, names *[sendFieldCount]string) {
	w.Bytes(names[sendProducerGroup], h.ProducerGroup)
	w.Bytes(names[sendTopic], h.Topic)
	w.Bytes(names[sendDefaultTopic], h.DefaultTopic)
	w.Int(names[sendDefaultTopicQueueNums], int64(h.DefaultTopicQueueNums))
	w.Int(names[sendQueueID], int64(h.QueueID))
	w.Int(names[sendSysFlag], int64(h.SysFlag))
	w.Int(names[sendBornTimestamp], h.BornTimestamp)
	w.Int(names[sendFlag], int64(h.Flag))
	if h.Properties != nil {
		w.Bytes(names[sendProperties], h.Properties)
	}
	w.Int(names[sendReconsumeTimes], int64(h.ReconsumeTimes))
	w.Bool(names[sendUnitMode], h.UnitMode)
	if h.HasMaxReconsumeTimes {
		w.Int(names[sendMaxReconsumeTimes], int64(h.MaxReconsumeTimes))
	}
	w.Bool(names[sendBatch], h.Batch)
	if h.BrokerName != nil {
		w.Bytes(names[sendBrokerName], h.BrokerName)
	}
}
