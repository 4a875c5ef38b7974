package group

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"gantry/remoting/fastjson"
)

// encode writes the table as the Java broker does: {"offsetTable":{"topic@group":{0:12,1:7}}}, a line per pair.
func (o *Offsets) encode() []byte {
	o.mu.RLock()
	keys := slices.Sorted(maps.Keys(o.pairs))
	o.mu.RUnlock()
	text := []byte("{\n\t\"offsetTable\":{")
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, "\n\t\t"...)
		text = appendJSONString(text, key)
		text = append(text, ':')
		o.mu.RLock()
		ends := o.pairs[key]
		o.mu.RUnlock()
		text = ends.append(text)
	}
	return append(text, "\n\t}\n}"...)
}

func (e *queueEnds) append(text []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	text = append(text, '{')
	for i, id := range slices.Sorted(maps.Keys(e.ends)) {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(id), 10)
		text = append(text, ':')
		text = strconv.AppendInt(text, e.ends[id].offset, 10)
	}
	return append(text, '}')
}

func (o *Offsets) decode(text []byte) error {
	var file struct {
		OffsetTable map[string]map[int32]int64 `json:"offsetTable"`
	}
	if err := fastjson.Unmarshal(text, &file); err != nil {
		return err
	}
	for key, offsets := range file.OffsetTable {
		ends := o.put(key)
		for id, offset := range offsets {
			o.set(ends, id, end{offset: offset, atMillis: o.config.AsOf.UnixMilli()})
		}
	}
	o.adoptOwn()
	return nil
}

func appendJSONString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("BUG: text cannot be written as JSON: " + err.Error())
	}
	return append(dst, quoted...)
}
