package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	"gantry/proxy"
	"gantry/remoting/keys"
	"gantry/remoting/properties"
	"gantry/storenode"
)

// readSettings binds the configuration file to the roles' configurations. What
// is odd in it is logged; what cannot be used stops the start.
func readSettings(log *slog.Logger, file string, targets ...any) error {
	found, err := checkSettings(file, targets...)
	if err != nil {
		return err
	}
	for _, f := range found {
		report(log, f)
	}
	return nil
}

func report(log *slog.Logger, f *properties.Finding) {
	log.Log(context.Background(), levels[f.Severity], "configuration", "file", f.File, "line", f.Line, "key", f.Key, "finding", f.Message)
}

// checkSettings binds the configuration file to targets, and says what is odd
// about it or why it cannot be used.
func checkSettings(file string, targets ...any) (properties.Findings, error) {
	entries, err := readEntries(file)
	if err != nil {
		return nil, err
	}
	found := properties.Bind(entries, keys.Options(file, roleOf(targets)), targets...)
	if err := found.Err(); err != nil {
		return found, err
	}
	for _, check := range []func(string, []properties.Entry) error{plausible, leaderless} {
		if err := check(file, entries); err != nil {
			return found, err
		}
	}
	for _, t := range targets {
		if err := validate(t, file, entries); err != nil {
			return found, err
		}
	}
	for _, t := range targets {
		found = append(found, doubts(t, file, entries)...)
	}
	return found, nil
}

// readEntries is what stands in a configuration file; nothing where there is none.
func readEntries(file string) ([]properties.Entry, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	entries, err := properties.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, err)
	}
	return entries, nil
}

// levels are how loud a finding is.
var levels = map[properties.Severity]slog.Level{properties.Notice: slog.LevelInfo, properties.Warning: slog.LevelWarn}

// roleOf says whose keys count where targets are configured.
func roleOf(targets []any) (of keys.Role) {
	for _, t := range targets {
		switch t.(type) {
		case *storenode.Config:
			of |= keys.Node
		case *proxy.Config:
			of |= keys.Proxy
		}
	}
	return of
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

// leaderless refuses DLedger's keys where nothing says who is master: each peer
// would be one of its own.
func leaderless(file string, entries []properties.Entry) error {
	leger, _ := properties.Get(entries, "enableDLegerCommitLog")
	_, role := properties.Get(entries, "brokerRole")
	_, id := properties.Get(entries, "brokerId")
	if !strings.EqualFold(leger, "true") || role || id {
		return nil
	}
	refused := &properties.ValueError{Key: "enableDLegerCommitLog", Value: leger,
		Message: "elects no master, automatic failover is not in this release; write brokerRole and brokerId into the file of each peer"}
	return refused.Place(file, entries)
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

// doubts are what a role finds odd about its settings and can use.
func doubts(target any, file string, entries []properties.Entry) (found properties.Findings) {
	d, can := target.(interface{ Doubts() []error })
	if !can {
		return nil
	}
	for _, err := range d.Doubts() {
		var value *properties.ValueError
		if errors.As(err, &value) {
			found = append(found, value.Found(properties.Warning, file, entries))
		}
	}
	return found
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
