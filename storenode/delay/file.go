package delay

import (
	"maps"
	"slices"
	"strconv"

	"gantry/remoting/fastjson"
)

// Progress is how far all levels are delivered, as delayOffset.json has it, and a number that is another after it has
// changed.
func (s *Service) Progress() (version int64, text []byte) {
	for _, l := range s.levels {
		version += l.next.Load()
	}
	return version, s.encode()
}

// encodeSynced is called by the saver. What is said to be delivered must not be lost with the power, so the log goes first;
// where it cannot, the progress stays what it was and is saved later.
func (s *Service) encodeSynced() []byte {
	text := s.encode()
	if err := s.log.Sync(); err != nil {
		s.logger.Error("progress of delayed messages is not saved, the log does not reach the disk", "err", err)
		s.saver.Changed()
		return s.saved
	}
	s.saved = text
	return text
}

// encode writes the progress as the Java broker does: {"offsetTable":{1:5,2:0}}, by level.
func (s *Service) encode() []byte {
	progress := maps.Clone(s.others)
	for _, l := range s.levels {
		if next := l.next.Load(); next > 0 {
			progress[l.number] = next
		}
	}
	text := []byte("{\n\t\"offsetTable\":{")
	for i, number := range slices.Sorted(maps.Keys(progress)) {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(number), 10)
		text = append(text, ':')
		text = strconv.AppendInt(text, progress[number], 10)
	}
	return append(text, "}\n}"...)
}

func (s *Service) decode(text []byte) error {
	var file struct {
		OffsetTable map[int]int64 `json:"offsetTable"`
	}
	if err := fastjson.Unmarshal(text, &file); err != nil {
		return err
	}
	for number, next := range file.OffsetTable {
		if number >= 1 && number <= len(s.levels) {
			s.levels[number-1].next.Store(next)
		} else {
			s.others[number] = next
		}
	}
	return nil
}
