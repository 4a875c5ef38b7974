package configfile

import (
	"errors"
	"io/fs"
	"path/filepath"

	"gantry/storenode/vfs"
)

// On is the part of a store's file system that config files need.
func On(files vfs.FS) FS { return onVFS{files} }

type onVFS struct{ files vfs.FS }

func (v onVFS) MkdirAll(dir string) error { return v.files.MkdirAll(dir) }

func (v onVFS) ReadFile(name string) ([]byte, error) {
	f, err := v.files.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := readAll(f)
	return text, errors.Join(err, f.Close())
}

func readAll(f vfs.File) ([]byte, error) {
	size, err := f.Size()
	if err != nil || size == 0 {
		return nil, err
	}
	text := make([]byte, size)
	_, err = f.ReadAt(text, 0)
	return text, err
}

func (v onVFS) WriteFile(name string, data []byte) error {
	if err := v.files.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := v.files.Create(name, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

func (v onVFS) Rename(from, to string) error {
	if err := v.files.Rename(from, to); err != nil {
		return err
	}
	return v.files.SyncDir(filepath.Dir(to))
}
