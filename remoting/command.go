package remoting

// HeaderKind is the serialization of a frame's header, the frame's fifth byte
// (SerializeType). A reply uses the kind its request came in.
type HeaderKind byte

const (
	JSON     HeaderKind = 0
	ROCKETMQ HeaderKind = 1
)

// Flag bits of a command.
const (
	FlagResponse = 1 << 0
	FlagOneway   = 1 << 1
)

// Version is the MQVersion ordinal Gantry states about itself: V4_9_7, the
// release whose behaviour it answers with.
const Version = 407

// Command is one decoded frame (RemotingCommand). Ext and Body borrow from the
// frame and from its Decoder: they are valid until the handler that was given
// the command returns. What lives longer must be copied.
type Command struct {
	Code     int32 // request code, or response code in a reply
	Language Language
	Version  int32
	Opaque   int32
	Flag     int32
	Remark   string
	Ext      Fields
	Body     []byte
	Kind     HeaderKind
	Repeated bool // a proxy sends it again after an attempt of unknown outcome; no client can say so
}

// IsResponse reports whether the command answers a request.
func (c *Command) IsResponse() bool { return c.Flag&FlagResponse != 0 }

// IsOneway reports whether the sender wants no answer.
func (c *Command) IsOneway() bool { return c.Flag&FlagOneway != 0 }

// Header is what a command's extFields are written from. A nil Header has none.
type Header interface {
	// Encode writes every field that is set, in any order.
	Encode(w *FieldWriter)
}

// Request is a command to be sent; the opaque is given by who sends it.
type Request struct {
	Code   int32
	Oneway bool
	Header Header
	Body   []byte
	Kind   HeaderKind
}

// Response is an answer to be sent. The zero Response is SUCCESS without fields.
type Response struct {
	Code   int32
	Remark string
	Header Header
	Body   []byte
}
