package doctor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// What a busy broker needs of the kernel.
const (
	leastFiles    = 65_536
	leastBacklog  = 1024
	leastMemoryMB = 256
)

// limits looks at the kernel's; proc is /proc, control the folder of the cgroup
// file system.
func limits(proc, control string, subjects []*Subject) (f Findings) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Max < leastFiles {
		f.add(Warning, "limits", "LimitNOFILE=655350 in the systemd unit, or nofile in /etc/security/limits.conf",
			"%d open files at most, connections among them", files.Max)
	}
	if n, known := number(filepath.Join(proc, "sys/net/core/somaxconn")); known && n < leastBacklog {
		f.add(Warning, "limits", "sysctl -w net.core.somaxconn=4096", "net.core.somaxconn=%d: when all clients come back at once some are refused", n)
	}
	if n, known := number(filepath.Join(control, "memory.max")); known && n < leastMemoryMB<<20 {
		f.add(Warning, "limits", "give the container or unit more memory", "memory.max=%d MiB, page cache included", n>>20)
	}
	f = append(f, outgoing(proc, subjects)...)
	if len(f) == 0 {
		f.fine("limits", "open files, backlog, memory and port range suffice")
	}
	return f
}

// outgoing warns of ports that the kernel may give to outgoing connections.
func outgoing(proc string, subjects []*Subject) (f Findings) {
	text, _ := os.ReadFile(filepath.Join(proc, "sys/net/ipv4/ip_local_port_range"))
	bounds := strings.Fields(string(text))
	if len(bounds) != 2 {
		return nil
	}
	low, _ := strconv.Atoi(bounds[0])
	high, _ := strconv.Atoi(bounds[1])
	for _, s := range subjects {
		for _, p := range s.ports() {
			if low <= p.number && p.number <= high {
				f.add(Warning, "limits", "add it to net.ipv4.ip_local_reserved_ports, or choose a port below "+bounds[0],
					"%s: the %s port %d is one that outgoing connections may take before the broker starts", s.place(p.key), p.what, p.number)
			}
		}
	}
	return f
}

// number reads a file with one; "max" is none.
func number(path string) (n int64, known bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
