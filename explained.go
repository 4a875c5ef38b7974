package main

import (
	"errors"
	"fmt"
	"syscall"

	"gantry/remoting/properties"
	"gantry/storenode/vfs"
)

// explained adds to an error of a node's start which setting to look at, with its
// line in the file.
func explained(err error, file string) error {
	for _, e := range []struct {
		is          error
		key, remedy string
	}{
		{vfs.ErrLocked, "storePathRootDir", "a store is one broker's; end the other one (gantry ps), or give this one a folder of its own"},
		{syscall.EADDRINUSE, "listenPort", "the port is another process's; end that (gantry ps, ss -ltnp), or choose another, three or more away from other brokers'"},
		{syscall.EADDRNOTAVAIL, "bindAddress", "this machine has no such address; write one that it has, or 0.0.0.0"},
		{syscall.EACCES, "storePathRootDir", "the folder and all in it must be this user's"},
		{syscall.EROFS, "storePathRootDir", "the file system is mounted read-only; name a folder that can be written"},
	} {
		if errors.Is(err, e.is) {
			return fmt.Errorf("%w; %s: %s", err, placeOf(file, e.key), e.remedy)
		}
	}
	return err
}

// placeOf is where a key stands, or the key.
func placeOf(file, key string) string {
	entries, _ := readEntries(file)
	found := (&properties.ValueError{Key: key}).Found(properties.Error, file, entries)
	if found.Line == 0 {
		return key
	}
	return fmt.Sprintf("%s:%d: %s", file, found.Line, key)
}
