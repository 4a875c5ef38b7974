package main

import (
	"errors"
	"os"
	"path/filepath"

	"gantry/remoting/properties"
)

// keepIn writes what an operator changes from afar into a configuration file,
// which stays as it was typed otherwise; nil where there is none.
func keepIn(file string) func(changed []properties.Entry) error {
	if file == "" {
		return nil
	}
	return func(changed []properties.Entry) error {
		path, err := filepath.EvalSymlinks(file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text, err = properties.Rewrite(text, changed); err != nil {
			return err
		}
		return replaceFile(path, text)
	}
}

// replaceFile lets path have another text, at once or not at all.
func replaceFile(path string, text []byte) error {
	was, err := os.Stat(path)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	err = errors.Join(err, next.Chmod(was.Mode()), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}
