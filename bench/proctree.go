package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what a process and its descendants have used and use.
type usage struct {
	cpu          time.Duration // user and system, of ended children too once they were waited for
	rssBytes     int64
	anonBytes    int64 // part of rssBytes: what the processes have of their own
	fileBytes    int64 // part of rssBytes: mapped files, each process's counted
	writtenBytes int64 // dirtied for the disk, less what was truncated before it got there; not of children that have ended
}

// since is what was used between two readings.
func (u usage) since(first usage) usage {
	return usage{cpu: u.cpu - first.cpu, writtenBytes: u.writtenBytes - first.writtenBytes}
}

// clockTick is the unit of /proc's times (USER_HZ, 100 on every Linux that Go runs on).
const clockTick = 10 * time.Millisecond

// usageOf reads /proc for the tree of processes below and with pid.
func usageOf(pid int) (usage, error) {
	all, err := processes()
	if err != nil {
		return usage{}, err
	}
	if _, ok := all[pid]; !ok {
		return usage{}, fmt.Errorf("process %d: %w", pid, os.ErrNotExist)
	}
	var u usage
	for id, p := range all {
		if id == pid || descends(all, id, pid) {
			u.cpu += p.cpu
			u.rssBytes += p.rssBytes
			u.addDetails(filepath.Join("/proc", strconv.Itoa(id)))
		}
	}
	return u, nil
}

// addDetails adds what else a process's folder in /proc tells; one that has ended meanwhile adds nothing.
func (u *usage) addDetails(folder string) {
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err == nil {
		u.anonBytes += labelled(status, "RssAnon") << 10
		u.fileBytes += (labelled(status, "RssFile") + labelled(status, "RssShmem")) << 10
	}
	io, err := os.ReadFile(filepath.Join(folder, "io"))
	if err == nil { // another user's cannot be read
		u.writtenBytes += labelled(io, "write_bytes") - labelled(io, "cancelled_write_bytes")
	}
}

// labelled is the number behind "name:" in a text of such lines, 0 where there is none.
func labelled(text []byte, name string) int64 {
	for line := range bytes.Lines(text) {
		label, value, found := bytes.Cut(line, []byte(":"))
		if words := bytes.Fields(value); found && string(label) == name && len(words) > 0 {
			n, err := strconv.ParseInt(string(words[0]), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

func descends(all map[int]process, id, from int) bool {
	for range len(all) { // a tree read while it changes could seem to have a cycle
		p, ok := all[id]
		if !ok {
			return false
		}
		if p.parent == from {
			return true
		}
		id = p.parent
	}
	return false
}

type process struct {
	parent   int
	cpu      time.Duration
	rssBytes int64
}

func processes() (map[int]process, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := map[int]process{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if p, err := parseStat(text); err == nil {
			all[id] = p
		}
	}
	return all, nil
}

// Fields of /proc/PID/stat counted from behind the name: proc(5) minus 3.
const (
	statParent  = 1
	statUser    = 11
	statSystem  = 12
	statWaited  = 13 // user time of children waited for
	statWaited2 = 14 // their system time
	statRSS     = 21 // pages
)

// parseStat reads /proc/PID/stat; the name in it may hold anything.
func parseStat(text []byte) (process, error) {
	end := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if end < 0 || len(fields) <= statRSS {
		return process{}, fmt.Errorf("process state %q has too few fields", text)
	}
	var numbers [statRSS + 1]int64
	for _, i := range []int{statParent, statUser, statSystem, statWaited, statWaited2, statRSS} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("process state: %w", err)
		}
		numbers[i] = n
	}
	ticks := numbers[statUser] + numbers[statSystem] + numbers[statWaited] + numbers[statWaited2]
	return process{parent: int(numbers[statParent]), cpu: time.Duration(ticks) * clockTick,
		rssBytes: numbers[statRSS] * int64(os.Getpagesize())}, nil
}
