package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
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
	for _, f := range found {
		log.Warn("configuration", "file", f.File, "line", f.Line, "key", f.Key, "finding", f.Message)
	}
	return nil
}

// splitListen reads --listen.
func splitListen(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("--listen %s is not HOST:PORT", listen)
	}
	return host, port, nil
}
