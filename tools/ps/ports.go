package ps

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ports are those a process listens on (TCP), of what this user may see.
func ports(proc string, pid int) []int {
	dir := filepath.Join(proc, strconv.Itoa(pid))
	own := sockets(dir)
	var found []int
	for _, table := range []string{"tcp", "tcp6"} {
		for inode, port := range listening(filepath.Join(dir, "net", table)) {
			if own[inode] && !slices.Contains(found, port) {
				found = append(found, port)
			}
		}
	}
	slices.Sort(found)
	return found
}

// sockets are the inodes of a process's sockets.
func sockets(dir string) map[string]bool {
	found := map[string]bool{}
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return found
	}
	for _, f := range files {
		target, err := os.Readlink(filepath.Join(dir, "fd", f.Name()))
		if inode, is := strings.CutPrefix(target, "socket:["); err == nil && is {
			found[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return found
}

// listen is the state of a listening socket in /proc/net/tcp.
const listen = "0A"

// listening reads a table of /proc/net: the ports of listening sockets, by inode.
func listening(path string) map[string]int {
	found := map[string]int{}
	f, err := os.Open(path)
	if err != nil {
		return found
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) < 10 || columns[3] != listen {
			continue
		}
		at := strings.LastIndexByte(columns[1], ':')
		if port, err := strconv.ParseUint(columns[1][at+1:], 16, 16); err == nil {
			found[columns[9]] = int(port)
		}
	}
	return found
}
