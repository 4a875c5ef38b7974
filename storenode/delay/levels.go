// Package delay is delayed messages by level (ScheduleMessageService): which level means how long (Levels), and the
// Service that puts each message into its own topic when its time has come.
//
// A delayed message lies in the queue of its level in SCHEDULE_TOPIC_XXXX, whose entries carry the due time. The
// service reads those queues and appends through two small interfaces; it knows no commit log, no files but
// config/delayOffset.json, and no clients. Who puts a message into a level's queue is the send path.
package delay

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// unknownLevelMillis is the delay of a level that is not in the table (computeDeliverTimestamp).
const unknownLevelMillis = 1000

// unitMillis are the letters behind a level's number.
var unitMillis = map[byte]int64{'s': 1000, 'm': 60_000, 'h': 3_600_000, 'd': 86_400_000}

// Levels is the table of delay levels; the first is level 1.
type Levels struct {
	millis []int64
}

// LevelError says which word of messageDelayLevel is wrong.
type LevelError struct {
	Level  int // 1 for the first word
	Word   string
	Reason string
}

func (e *LevelError) Error() string {
	return fmt.Sprintf("messageDelayLevel: level %d is %q: %s", e.Level, e.Word, e.Reason)
}

// ParseLevels reads messageDelayLevel: numbers with a unit (s, m, h, d), one space between them. Error: *LevelError.
func ParseLevels(text string) (Levels, error) {
	var levels Levels
	for word := range strings.SplitSeq(strings.TrimSpace(text), " ") {
		millis, reason := parseLevel(word)
		if reason != "" {
			return Levels{}, &LevelError{Level: len(levels.millis) + 1, Word: word, Reason: reason}
		}
		levels.millis = append(levels.millis, millis)
	}
	return levels, nil
}

func parseLevel(word string) (millis int64, wrong string) {
	if word == "" {
		return 0, "empty"
	}
	number, unit := word[:len(word)-1], unitMillis[word[len(word)-1]]
	if unit == 0 {
		return 0, "no unit of s, m, h and d"
	}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && n > math.MaxInt32*1000/unit:
		return 0, "too long"
	case err != nil:
		return 0, "no number before its unit"
	case n < 0:
		return 0, "negative"
	}
	return n * unit, ""
}

// Max is the highest level.
func (l Levels) Max() int { return len(l.millis) }

// Clamp is the level a message gets that asks for level: none (0) below 1, the highest above it.
func (l Levels) Clamp(level int) int { return max(0, min(level, l.Max())) }

// DelayMillis is how long messages of the level wait; 1 s for a level that is not in the table.
func (l Levels) DelayMillis(level int) int64 {
	if level < 1 || level > l.Max() {
		return unknownLevelMillis
	}
	return l.millis[level-1]
}

// DeliverTime is when a message of the level is due, in ms since 1970: the tagsCode of its consume-queue entry.
func (l Levels) DeliverTime(level int, storeTimestampMillis int64) int64 {
	return storeTimestampMillis + l.DelayMillis(level)
}

// QueueID is the level's queue in SCHEDULE_TOPIC_XXXX.
func QueueID(level int) int32 { return int32(level - 1) }

// Level is the level of a queue in SCHEDULE_TOPIC_XXXX.
func Level(queueID int32) int { return int(queueID) + 1 }
