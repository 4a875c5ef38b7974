package group

import (
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"gantry/remoting/fastjson"
	"gantry/storenode/configfile"
)

// ownFile is gantry/offsets.json; FORMAT.md describes it.
type ownFile struct {
	HeardMillis int64       `json:"heardMillis"`
	Own         []ownOffset `json:"own"`
}

type ownOffset struct {
	Key      string `json:"key"` // topic@group
	QueueID  int32  `json:"queueId"`
	Offset   int64  `json:"offset"`
	AtMillis int64  `json:"atMillis"`
}

// openOwn reads what the slave knew beside the offsets; a master leaves nothing of it to a later slave.
func (o *Offsets) openOwn(fsys configfile.FS, log *slog.Logger) error {
	if o.config.Own == "" {
		return nil
	}
	file := configfile.New(fsys, o.config.Own)
	found, err := file.Load(func(text []byte) error { return fastjson.Unmarshal(text, &o.kept) })
	var corrupt *configfile.CorruptError
	if errors.As(err, &corrupt) {
		log.Warn("what the master lacks of the offsets committed here is not known", "path", o.config.Own, "err", err)
	} else if err != nil {
		return err
	}
	if !o.config.Slave {
		if o.kept = (ownFile{}); found {
			return file.Save([]byte("{}"))
		}
		return nil
	}
	if o.kept.HeardMillis > 0 {
		o.config.AsOf = time.UnixMilli(o.kept.HeardMillis)
		o.heard.Store(o.kept.HeardMillis)
	}
	o.own = configfile.StartSaver(file, o.encodeOwn, o.config.FlushInterval, log)
	return nil
}

// adoptOwn follows the table's own file. Of the two files either may be the older one by FlushInterval.
func (o *Offsets) adoptOwn() {
	for _, own := range o.kept.Own {
		ends := o.pairs[own.Key]
		if ends == nil {
			ends = o.put(own.Key)
		}
		o.set(ends, own.QueueID, end{offset: max(own.Offset, ends.ends[own.QueueID].offset), atMillis: own.AtMillis, own: true})
	}
	o.kept = ownFile{}
}

func (o *Offsets) encodeOwn() []byte {
	file := ownFile{HeardMillis: o.heard.Load()}
	o.each(Everything, func(key string, id int32, e end) {
		if e.own {
			file.Own = append(file.Own, ownOffset{key, id, e.offset, e.atMillis})
		}
	})
	text, err := json.Marshal(file)
	if err != nil {
		panic("BUG: offsets cannot be written as JSON: " + err.Error())
	}
	return text
}
