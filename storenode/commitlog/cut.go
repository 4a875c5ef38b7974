package commitlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gantry/storenode/vfs"
)

// A slave whose log has gone another way than its master's is cut back to where both are one, while nobody has it open.

// Tail is the end of a log that goes: what lies in [From, To), where To is the log's end and From where a record begins or
// ends.
type Tail struct{ From, To Offset }

// cutBytes is how much is copied or made zeros at a time.
const cutBytes = 256 << 10

// KeepTail copies the tail of the log in dir into the folder aside, a file for each of the log's, named after the offset of
// its first byte. When it returns nil they are on the disk; what an earlier attempt has left is replaced.
func KeepTail(files vfs.FS, dir string, t Tail, aside string) error {
	parts, err := partsOf(files, dir, t)
	if err == nil {
		err = files.MkdirAll(aside)
	}
	if err != nil {
		return fmt.Errorf("keep what is cut off: %w", err)
	}
	for _, p := range parts {
		if err := p.copyInto(files, filepath.Join(aside, fileName(p.from))); err != nil {
			return fmt.Errorf("keep what is cut off: %w", err)
		}
	}
	return errors.Join(files.SyncDir(aside), files.SyncDir(filepath.Dir(aside)))
}

// Cut removes the tail of the log in dir, durably, the last file first: a crash in between leaves a log that is cut less
// far, and Cut may be called again. Sums of what changes go first.
func Cut(files vfs.FS, dir, sumsDir string, t Tail) error {
	parts, err := partsOf(files, dir, t)
	for i := len(parts) - 1; i >= 0 && err == nil; i-- {
		err = parts[i].remove(files, sumsDir)
	}
	if err != nil {
		return fmt.Errorf("cut the log at %d: %w", t.From, err)
	}
	return files.SyncDir(dir)
}

// part is what one file has of a tail.
type part struct {
	path     string
	start    Offset // of the file
	from, to Offset
}

func partsOf(files vfs.FS, dir string, t Tail) (parts []part, err error) {
	entries, err := files.List(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		start, ok := parseFileName(e.Name)
		if e.Dir || !ok {
			continue
		}
		p := part{path: filepath.Join(dir, e.Name), start: start}
		info, err := files.Stat(p.path)
		if err != nil {
			return nil, err
		}
		if p.from, p.to = max(t.From, start), min(t.To, start+Offset(info.Size)); p.from < p.to || start >= t.From {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// remove takes the whole file away, or makes zeros of what follows.
func (p part) remove(files vfs.FS, sumsDir string) error {
	if sumsDir != "" {
		if err := removeIfThere(files, filepath.Join(sumsDir, fileName(p.start))); err != nil {
			return err
		}
	}
	if p.from == p.start {
		return files.Remove(p.path)
	}
	file, err := files.Open(p.path)
	if err != nil {
		return err
	}
	zeros := make([]byte, cutBytes)
	for at := p.from; at < p.to && err == nil; at += cutBytes {
		_, err = file.WriteAt(zeros[:min(cutBytes, p.to-at)], int64(at-p.start))
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func (p part) copyInto(files vfs.FS, path string) error {
	if err := removeIfThere(files, path); err != nil || p.from >= p.to {
		return err
	}
	from, err := files.Open(p.path)
	if err != nil {
		return err
	}
	to, err := files.Create(path, 0)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	b := make([]byte, cutBytes)
	for at := p.from; at < p.to && err == nil; at += cutBytes {
		piece := b[:min(cutBytes, p.to-at)]
		if _, err = from.ReadAt(piece, int64(at-p.start)); err == nil {
			_, err = to.WriteAt(piece, int64(at-p.from))
		}
	}
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, from.Close(), to.Close())
}

func removeIfThere(files vfs.FS, path string) error {
	if err := files.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
