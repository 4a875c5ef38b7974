// Package ps finds the processes of Gantry on this host, as operators of
// RocketMQ do with jps: `gantry ps` lists them with role and ports, and
// `gantry mqshutdown` ends those that the official commands started. It reads
// /proc, asks no process anything, and knows none but by its command line; what
// runs in another container (PID namespace) is on another host.
package ps

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Process is one of ours.
type Process struct {
	PID  int
	Role string // the command: mqbroker, mqnamesrv, node, proxy, standalone
	Args []string
}

// Config is the -c of its command line, or empty.
func (p Process) Config() string {
	for i, a := range p.Args {
		name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "-") || name != "c" && name != "configFile" {
			continue
		}
		if !given && i+1 < len(p.Args) {
			value = p.Args[i+1]
		}
		return value
	}
	return ""
}

// roles are the commands that go on running.
var roles = []string{"mqbroker", "mqnamesrv", "node", "proxy", "standalone", "controller",
	benchRole("producer"), benchRole("batchproducer"), benchRole("tproducer"), benchRole("consumer"), benchRole("timerproducer"), benchRole("timerconsumer")}

// benchRole is the role of a load of `gantry bench`.
func benchRole(load string) string { return "bench " + load }

// processes finds ours under a folder like /proc, by process id.
func processes(proc string) ([]Process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("processes are found where there is %s: %w", proc, err)
	}
	host, _ := os.Readlink(filepath.Join(proc, "self", "ns", "pid"))
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := read(filepath.Join(proc, e.Name()), pid)
		if err != nil || p == nil { // it has ended meanwhile, or is none of ours
			continue
		}
		if there, err := os.Readlink(filepath.Join(proc, e.Name(), "ns", "pid")); err != nil || there == host {
			found = append(found, *p)
		}
	}
	slices.SortFunc(found, func(a, b Process) int { return cmp.Compare(a.PID, b.PID) })
	return found, nil
}

// read is the process of a folder in /proc, nil where it is none of ours.
func read(dir string, pid int) (*Process, error) {
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return nil, err
	}
	args := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
	if len(args) < 2 || filepath.Base(args[0]) != "gantry" {
		return nil, nil
	}
	role, rest := args[1], args[2:]
	if role == "bench" && len(rest) > 0 {
		role, rest = benchRole(rest[0]), rest[1:]
	}
	if !slices.Contains(roles, role) {
		return nil, nil
	}
	if state, err := os.ReadFile(filepath.Join(dir, "stat")); err == nil && ended(string(state)) {
		return nil, nil
	}
	return &Process{PID: pid, Role: role, Args: rest}, nil
}

// ended reports whether a stat line is that of a process nobody has waited for.
func ended(stat string) bool {
	_, after, _ := strings.Cut(stat, ") ")
	return strings.HasPrefix(after, "Z")
}
