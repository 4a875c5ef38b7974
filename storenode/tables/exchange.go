package tables

import (
	"encoding/json"
	"fmt"

	"gantry/storenode/configfile"
	"gantry/storenode/group"
)

// CodeFollow is what a slave asks a Gantry master. Both bodies are JSON; there
// are no headers.
const CodeFollow = 19011

// question says what the slave has, and what the master does not have.
type question struct {
	Run           string             `json:"run"` // of the master that the following numbers are of
	Offsets       int64              `json:"offsets"`
	Subscriptions int64              `json:"subscriptions"`
	Delays        int64              `json:"delays"`
	Timers        int64              `json:"timers"`
	Topics        configfile.Version `json:"topics"`
	Groups        configfile.Version `json:"groups"`
	Own           []group.Change     `json:"own,omitempty"`
	WaitMillis    int64              `json:"waitMillis"` // the answer may be held for so long
}

// answer is what the slave has not.
type answer struct {
	Run            string          `json:"run"`
	Offsets        int64           `json:"offsets"`
	Changes        []group.Change  `json:"changes,omitempty"`
	More           bool            `json:"more,omitempty"` // of them follow
	SavedAgeMillis int64           `json:"savedAgeMillis"`
	Topics         json.RawMessage `json:"topics,omitempty"`
	Groups         json.RawMessage `json:"groups,omitempty"`
	Subscribed     int64           `json:"subscribed"`
	Subscriptions  json.RawMessage `json:"subscriptions,omitempty"`
	Delayed        int64           `json:"delayed"`
	Delays         string          `json:"delays,omitempty"` // Java's JSON, whose keys have no quotes
	Timed          int64           `json:"timed"`
	Timers         string          `json:"timers,omitempty"`
	LogEnd         int64           `json:"logEnd"` // with all that Changes, Delays and Timers stand on
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: tables cannot be written as JSON: " + err.Error())
	}
	return text
}

func decode(what string, text []byte, v any) error {
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s of %d bytes: %w", what, len(text), err)
	}
	return nil
}
