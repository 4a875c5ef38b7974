// Package server gives scenarios a server to run against: the real one, which proves a scenario, or Gantry in one of its
// shapes. A scenario sees only the name-server address and how to stop, kill and start it again; it knows no client.
package server

import (
	"context"
	"fmt"
	"os"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/ports"
)

// TargetVariable is the environment variable that says which server the scenarios meet: real or gantry (the default).
const TargetVariable = "GANTRY_COMPAT_TARGET"

// Target is a kind of server.
type Target string

// The targets.
const (
	Real   Target = "real"
	Gantry Target = "gantry"
)

// TargetFromEnvironment reads TargetVariable.
func TargetFromEnvironment() (Target, error) {
	switch t := Target(os.Getenv(TargetVariable)); t {
	case "":
		return Gantry, nil
	case Real, Gantry:
		return t, nil
	default:
		return "", fmt.Errorf("%s=%s: neither %s nor %s", TargetVariable, t, Real, Gantry)
	}
}

// Shape is how a server is laid out in processes. The real server has but one.
type Shape int

// The shapes of Gantry.
const (
	Standalone Shape = iota // proxy and node in one process, gateway routes
	Split                   // proxy and node in a process each, gateway routes
	Direct                  // proxy and node in a process each, direct routes
	Shared                  // proxy and node in a process each, one address for all shards
)

// Server is a name server and one shard.
type Server interface {
	// Namesrv is the address that clients are told.
	Namesrv() string
	// Start starts what is not running and returns when it serves.
	Start(ctx context.Context) error
	// Stop stops all cleanly.
	Stop() error
	// Kill ends with SIGKILL what a crash of the shard's process would end.
	Kill()
	// KillFront ends with SIGKILL the process that clients ask for routes.
	KillFront()
	// Close ends what is still running, without caring how, and keeps the folder.
	Close()
}

// Config says what to make.
type Config struct {
	Set        *artifacts.Set
	Dir        string            // made if needed; stores and logs
	Properties map[string]string // broker properties
	// ProxyProperties are those of Gantry's proxy.
	ProxyProperties map[string]string
	Shape           Shape
}

// New prepares a server; it runs after Start.
func New(target Target, config Config) (Server, error) {
	if err := os.MkdirAll(config.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the server's folder: %w", err)
	}
	block, err := ports.Take()
	if err != nil {
		return nil, err
	}
	if target == Real {
		return newReal(config, block)
	}
	return newGantry(config, block), nil
}
