package xcheck

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"time"

	"gantry/remoting/message"
)

// runToken is what the topics and groups of any run have in their names.
var runToken = regexp.MustCompile(`xc[0-9a-f]{8}`)

var placeholder = regexp.MustCompile(`\$\{([a-zA-Z0-9_]+)(@offset)?\}`)

// names are the values that texts of the script call ${name}.
type names struct {
	values map[string]string
	start  time.Time
}

// newNames gives what every run has: run, in the names of all its topics and groups; now, the start in ms.
func newNames() *names {
	start := time.Now()
	return &names{start: start, values: map[string]string{
		"run": runName(rand.Uint32()),
		"now": strconv.FormatInt(start.UnixMilli(), 10),
	}}
}

func runName(n uint32) string { return fmt.Sprintf("xc%08x", n) }

// expand puts values for names. ${id@offset} is the log offset inside an offset message id. A name without a value
// stays, so that a step that could not keep it shows in what follows.
func (n *names) expand(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		value, ok := n.values[parts[1]]
		if !ok {
			return found
		}
		if parts[2] == "" {
			return value
		}
		_, offset, err := message.ParseOffsetID(value)
		if err != nil {
			return found
		}
		return strconv.FormatInt(offset, 10)
	})
}

func (n *names) expandFields(f Fields) Fields {
	out := make(Fields, len(f))
	for i, field := range f {
		out[i] = Field{field.Key, n.expand(field.Value)}
	}
	return out
}
