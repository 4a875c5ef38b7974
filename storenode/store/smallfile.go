package store

import (
	"errors"
	"io/fs"
)

// readSmall reads the first bytes of a file; nil where it is missing or shorter.
func (s *Store) readSmall(path string, bytes int) ([]byte, error) {
	file, err := s.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, bytes)
	size, err := file.Size()
	if err == nil && size >= int64(bytes) {
		_, err = file.ReadAt(b, 0)
	} else {
		b = nil
	}
	return b, errors.Join(err, file.Close())
}

// writeSmall overwrites the file in place: less than a sector, so that it is old or new after a crash.
func (s *Store) writeSmall(path, dir string, b []byte, size int64) error {
	file, err := s.fs.Open(path)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		if err := s.fs.MkdirAll(dir); err != nil {
			return err
		}
		file, err = s.fs.Create(path, size)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteAt(b, 0)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil && created {
		err = s.fs.SyncDir(dir)
	}
	return err
}
