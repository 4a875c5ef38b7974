package xcheck

import (
	"slices"
	"time"

	"gantry/remoting"
)

// Place is which server of a deployment a step goes to.
type Place int

// The places.
const (
	Broker Place = iota // where the route of TBW102 says the master is
	NameServer
)

// Step is one thing done to a server and what is looked at afterwards. Texts may hold ${name}: a value that an earlier
// step kept, or one of the names that every run has (see newNames). A step's fields may hold ${bodyCrc32} of its body.
type Step struct {
	Name string // area/what, unique; accepted differences are listed under it
	To   Place
	As   string // the connection; steps with the same To and As share one

	Code   int32
	Kind   remoting.HeaderKind
	Oneway bool
	Fields Fields // nil sends no extFields at all
	Body   string
	Packed bool // Body is a registration's JSON, sent as one that is compressed

	Frame string // bytes for a connection of their own, instead of a request
	Start bool   // send only; the step that awaits this one's name looks at the answer
	Await string // the answer of a started step, instead of a request
	Notes int32  // a request of this code that the server sends on the connection, instead of a request

	Until Leaf              // asked again until the answer has this leaf, at most for untilBound
	Keep  map[string]string // name → path of the leaf that later steps call ${name}
	Hide  string            // path of a leaf that is not looked at: it depends on what was sent to the server before this run
	Wait  time.Duration     // how long an answer is waited for, answerBound unless set
}

// Bounds of waiting.
const (
	answerBound = 8 * time.Second // above the 5 s at which the real broker looks at held pulls
	silence     = 2 * time.Second // after which a server that was asked something wrong is taken not to answer
	untilBound  = 8 * time.Second
	untilPause  = 20 * time.Millisecond
)

// shortNamed are the codes whose headers have short names.
func shortNamed(code int32) bool {
	return code == sendMessageV2 || code == sendBatchMessage || code == sendReplyMessageV2
}

// Named are the steps with the broker's name in every request to it, as clients since 4.9.5 send them: in bname, and in n, its
// short form, where the header has short names.
func Named(steps []Step) []Step {
	named := slices.Clone(steps)
	for i, s := range named {
		if s.To != Broker || s.Frame != "" || s.Await != "" || s.Notes != 0 {
			continue
		}
		field := "bname"
		if shortNamed(s.Code) {
			field = "n"
		}
		named[i].Fields = s.Fields.With(field, "${brokerName}")
	}
	return named
}

// Field is one extFields entry of a request.
type Field struct{ Key, Value string }

// Fields are a request's extFields. They are values: With and Without leave their receiver alone.
type Fields []Field

// Encode implements remoting.Header.
func (f Fields) Encode(w *remoting.FieldWriter) {
	for _, field := range f {
		w.String(field.Key, field.Value)
	}
}

// With is f with more keys and values in turn; a key that is there gets the new value.
func (f Fields) With(keysAndValues ...string) Fields {
	out := slices.Clone(f)
	for i := 0; i < len(keysAndValues); i += 2 {
		field := Field{keysAndValues[i], keysAndValues[i+1]}
		if at := out.find(field.Key); at >= 0 {
			out[at] = field
		} else {
			out = append(out, field)
		}
	}
	return out
}

// Without is f without a key.
func (f Fields) Without(key string) Fields {
	return slices.DeleteFunc(slices.Clone(f), func(field Field) bool { return field.Key == key })
}

func (f Fields) find(key string) int {
	return slices.IndexFunc(f, func(field Field) bool { return field.Key == key })
}

// fields makes Fields of keys and values in turn.
func fields(keysAndValues ...string) Fields { return Fields{}.With(keysAndValues...) }
