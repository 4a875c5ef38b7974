package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strconv"

	"gantry/remoting/properties"
)

// readSettings binds the configuration file to the roles' configurations. What
// is odd in it is logged; what cannot be used stops the start.
func readSettings(log *slog.Logger, file string, targets ...any) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	entries, err := properties.Parse(text)
	if err != nil {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	found := properties.Bind(entries, properties.Options{File: file, Lookup: properties.SystemLookup}, targets...)
	if err := found.Err(); err != nil {
		return err
	}
	if err := plausible(file, entries); err != nil {
		return err
	}
	for _, t := range targets {
		if err := validate(t, file, entries); err != nil {
			return err
		}
	}
	for _, f := range found {
		log.Warn("configuration", "file", f.File, "line", f.Line, "key", f.Key, "finding", f.Message)
	}
	return nil
}

// keyShape is what every key looks like, RocketMQ's and ours.
var keyShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// plausible refuses a file of which nothing looks like a setting: a node started
// without those its operator wrote somewhere would do harm.
func plausible(file string, entries []properties.Entry) error {
	for _, e := range entries {
		if keyShape.MatchString(e.Key) {
			return nil
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return fmt.Errorf("%s:%d: %.40q: not a .properties file; write key=value lines", file, entries[0].Line, entries[0].Key)
}

// validate has a role look at its settings, and names the line of one that
// cannot be used.
func validate(target any, file string, entries []properties.Entry) error {
	v, can := target.(interface{ Validate() error })
	if !can {
		return nil
	}
	err := v.Validate()
	var value *properties.ValueError
	if errors.As(err, &value) {
		return value.Place(file, entries)
	}
	return err
}

// splitListen reads --listen.
func splitListen(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("--listen %s is not HOST:PORT, with a port from 1 to 65535", listen)
	}
	return host, port, nil
}
