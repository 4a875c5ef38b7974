package timer

import (
	"encoding/json"
	"fmt"
	"strings"

	"gantry/remoting/fastjson"
)

// claim is what is known to be delivered: every message of an ordinal below Read that comes before Done.
type claim struct {
	read int64
	done entry
}

func (c claim) covers(e entry) bool { return e.ordinal < c.read && e.before(c.done) }

// progress is what gantry/timer/progress.json keeps (FORMAT.md). Any older one is true as well: what it does not know of
// is delivered again.
type progress struct {
	claim
	kept  int64 // ordinals below it are in runs, delivered, or put again
	again int64 // ordinals below it are delivered or were put again
	runs  []runEntries
}

type runEntries struct {
	Number  int64 `json:"number"`
	Entries int   `json:"entries"`
}

type progressFile struct {
	Read        int64        `json:"read"`
	DoneMillis  int64        `json:"doneMillis"`
	DoneOrdinal int64        `json:"doneOrdinal"`
	Kept        int64        `json:"kept"`
	Again       int64        `json:"again"`
	Runs        []runEntries `json:"runs"`
}

func (p progress) encode() []byte {
	text, err := json.MarshalIndent(progressFile{p.read, p.done.due, p.done.ordinal, p.kept, p.again, p.runs}, "", "\t")
	if err != nil {
		panic("BUG: progress of timer messages cannot be written as JSON: " + err.Error())
	}
	return text
}

func decodeProgress(text []byte) (p progress, err error) {
	var file progressFile
	if err := fastjson.Unmarshal(text, &file); err != nil {
		return p, err
	}
	p = progress{claim{file.Read, entry{file.DoneMillis, file.DoneOrdinal}}, file.Kept, file.Again, file.Runs}
	if min(p.read, p.kept, p.again) < 0 || p.kept > p.read {
		return progress{}, fmt.Errorf("read %d, kept %d and again %d do not fit", p.read, p.kept, p.again)
	}
	for _, r := range p.runs {
		if r.Entries <= 0 {
			return progress{}, fmt.Errorf("run %d has %d entries", r.Number, r.Entries)
		}
	}
	return p, nil
}

// CheckProgress says whether a text is what Service.Progress gave.
func CheckProgress(text []byte) error {
	_, err := decodeProgress(text)
	return err
}

// isRun says whether a file of the folder is a run.
func isRun(name string) bool { return strings.HasSuffix(name, ".run") }
