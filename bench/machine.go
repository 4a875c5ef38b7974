package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Machine is where figures were taken. What cannot be found out is "unknown" or 0.
type Machine struct {
	CPU         string `json:"cpu"`
	Cores       int    `json:"cores"`
	MemoryBytes int64  `json:"memoryBytes"`
	Kernel      string `json:"kernel"`
	Disk        string `json:"disk"` // of the stores: file system, device, model
	Load        string `json:"load"` // the kernel's load averages at the beginning: who else was there
	Go          string `json:"go"`   // that this program was built with
}

// thisMachine looks at /proc and /sys; storeDir is where stores will lie.
func thisMachine(storeDir string) Machine {
	memory, _ := os.ReadFile("/proc/meminfo")
	cpus, _ := os.ReadFile("/proc/cpuinfo")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return Machine{CPU: known(textLabelled(cpus, "model name")) + ", " + runtime.GOARCH, Cores: runtime.NumCPU(),
		MemoryBytes: labelled(memory, "MemTotal") << 10, Kernel: known(firstLine("/proc/sys/kernel/osrelease")),
		Disk: known(diskOf(mounts, absolute(storeDir))), Load: known(firstLine("/proc/loadavg")), Go: runtime.Version()}
}

func known(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

// textLabelled is what stands behind the first "name:" in a text of such lines.
func textLabelled(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if label, value, found := strings.Cut(string(line), ":"); found && strings.TrimSpace(label) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func absolute(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// diskOf names file system and device of a folder, by the kernel's list of mounts, and the device's model where it has one.
func diskOf(mountinfo []byte, dir string) string {
	best, said, device := "", "", ""
	for line := range bytes.Lines(mountinfo) {
		before, after, found := strings.Cut(string(line), " - ")
		fields, source := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(source) < 2 {
			continue
		}
		if at := fields[4]; within(dir, at) && len(at) >= len(best) { // a later mount hides an earlier one
			best, said, device = at, source[0]+" on "+source[1], fields[2]
		}
	}
	if model := deviceModel(device); model != "" {
		said += ", " + model
	}
	return said
}

func within(dir, mount string) bool {
	return mount == "/" || dir == mount || strings.HasPrefix(dir, mount+"/")
}

// deviceModel is of the disk that a device number is, or is a part of.
func deviceModel(number string) string {
	for _, up := range []string{"", ".."} {
		base := filepath.Join("/sys/dev/block", number)
		if real, err := filepath.EvalSymlinks(base); err == nil {
			base = filepath.Join(real, up)
		}
		if rotates := firstLine(filepath.Join(base, "queue/rotational")); rotates != "" {
			kind := map[string]string{"0": "does not rotate", "1": "rotates"}[rotates]
			return strings.TrimPrefix(firstLine(filepath.Join(base, "device/model"))+", "+kind, ", ")
		}
	}
	return ""
}
