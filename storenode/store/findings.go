package store

import (
	"time"

	"gantry/storenode/commitlog"
)

// findings names what the scrub has found damaged, each block once a round and no more than damageLogPerFile of a file.
type findings struct {
	store *Store
	begun time.Time
	count int              // in this round
	last  commitlog.Offset // of the last one
	file  string           // it lies in
	named int              // in that file
}

func (f *findings) begin() { *f = findings{store: f.store, begun: time.Now(), last: -1} }

// add is for one place after the other, in the order of the log.
func (f *findings) add(found *commitlog.CorruptError) {
	if found.Offset == f.last {
		return
	}
	if f.last = found.Offset; f.file != found.File {
		f.file, f.named = found.File, 0
	}
	f.count++
	if f.named++; f.named <= damageLogPerFile {
		f.store.logger.Error("commit log is damaged", "file", found.File, "offset", int64(found.Offset), "error", found.Err)
	}
	if f.named == damageLogPerFile {
		f.store.logger.Error("commit log is damaged in more places, which are only counted", "file", found.File)
	}
}

// unread is for what the disk does not give back.
func (f *findings) unread(at commitlog.Offset, err error) {
	f.count++
	f.store.logger.Error("commit log cannot be read, the rest of the file is left out", "offset", int64(at), "error", err)
}

func (f *findings) end(from, to commitlog.Offset) {
	log := f.store.logger.Debug
	if f.count > 0 {
		log = f.store.logger.Error
	}
	log("commit log has been compared with its checksums", "from", int64(from), "to", int64(to), "damaged", f.count, "duration", time.Since(f.begun).Round(time.Millisecond))
}
