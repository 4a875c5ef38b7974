// Package configfile keeps the small JSON files of a store as the Java broker keeps them (ConfigManager): written as
// a .tmp beside the file and renamed, the copy before it kept as .bak, read back with fastjson's leniency and from
// the .bak where the file is missing or damaged.
//
// File is one such file, Saver writes a table to its file some time after a change, Table is a named table with a
// DataVersion (topics, groups). It knows what none of the tables mean; who owns a table is in storenode/topic,
// storenode/group and storenode/delay.
package configfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gantry/remoting/fastjson"
)

// FS is the part of a file system that a config file needs.
type FS interface {
	MkdirAll(dir string) error
	// ReadFile fails with fs.ErrNotExist where there is no such file.
	ReadFile(name string) ([]byte, error)
	// WriteFile creates or replaces name; when it returns the bytes are on the disk.
	WriteFile(name string, data []byte) error
	// Rename replaces to; when it returns the folder's entry is on the disk.
	Rename(from, to string) error
}

// CorruptError says that neither a config file nor its .bak can be read. Nothing was changed on the disk.
type CorruptError struct {
	Path   string
	Offset int // bytes from the start of the file
	Reason string
	Backup error // why the .bak did not help; fs.ErrNotExist where there is none
}

func (e *CorruptError) Error() string {
	backup := "there is no .bak copy"
	if !errors.Is(e.Backup, fs.ErrNotExist) {
		backup = "nor does its .bak copy help: " + e.Backup.Error()
	}
	return fmt.Sprintf("config file %s is corrupt at byte %d: %s; %s", e.Path, e.Offset, e.Reason, backup)
}

// File is one config file. Its methods must not be called concurrently.
type File struct {
	fs   FS
	path string
	// keepBackup: the file itself is damaged or missing, so the .bak is the only good copy and stays.
	keepBackup bool
}

// New names the file; nothing is read or written.
func New(fsys FS, path string) *File { return &File{fs: fsys, path: path, keepBackup: true} }

// Path is where the file lies.
func (f *File) Path() string { return f.path }

// Load hands the file's text to decode, or the text of its .bak where the file is missing, empty or refused by
// decode. found is false where there is neither, which is a first start. decode must leave nothing behind when it
// fails. Error: *CorruptError, or that of the file system.
func (f *File) Load(decode func(text []byte) error) (found bool, err error) {
	found, err = f.read(f.path, decode)
	f.keepBackup = err != nil || !found
	if found || err != nil && !isCorrupt(err) {
		return found, err
	}
	fromBackup, backupErr := f.read(f.path+".bak", decode)
	switch {
	case fromBackup:
		return true, nil
	case err == nil:
		return false, backupErr
	case backupErr == nil:
		backupErr = fs.ErrNotExist
	}
	var corrupt *CorruptError
	errors.As(err, &corrupt)
	corrupt.Backup = backupErr
	return false, corrupt
}

// read decodes one copy; found is false where it is missing or empty.
func (f *File) read(path string, decode func([]byte) error) (found bool, err error) {
	text, err := f.fs.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read config file %s: %w", path, err)
	}
	if err := decode(text); err != nil {
		corrupt := &CorruptError{Path: path, Reason: err.Error(), Backup: fs.ErrNotExist}
		var syntax *fastjson.SyntaxError
		if errors.As(err, &syntax) {
			corrupt.Offset, corrupt.Reason = syntax.Offset, syntax.Reason
		}
		return false, corrupt
	}
	return true, nil
}

func isCorrupt(err error) bool {
	var corrupt *CorruptError
	return errors.As(err, &corrupt)
}

// Save replaces the file's text. At every moment of a crash the file or its .bak is whole: the new text is on the
// disk before the old file becomes the .bak, and only a file known to be good does.
func (f *File) Save(text []byte) error {
	if err := f.save(text); err != nil {
		return fmt.Errorf("save config file %s: %w", f.path, err)
	}
	return nil
}

func (f *File) save(text []byte) error {
	if err := f.fs.MkdirAll(filepath.Dir(f.path)); err != nil {
		return err
	}
	if err := f.fs.WriteFile(f.path+".tmp", text); err != nil {
		return err
	}
	if !f.keepBackup {
		f.keepBackup = true // until the new file stands in its place
		if err := f.fs.Rename(f.path, f.path+".bak"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := f.fs.Rename(f.path+".tmp", f.path); err != nil {
		return err
	}
	f.keepBackup = false
	return nil
}
