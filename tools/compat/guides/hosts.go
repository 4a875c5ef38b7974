// Package guides does what deployment guides for RocketMQ 4.x say, word for word, with a release folder of Gantry: each host
// of a guide is a set of Linux namespaces with the address, the home folder and the processes of its own, and a host name
// that resolves nowhere. Root, iproute2 and util-linux are needed. The steps and what must come of them are the tests.
package guides

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lineBound is how long a line typed may take.
const lineBound = 150 * time.Second

// network is a switch and what is plugged in. It ends with its processes.
type network struct {
	t      *testing.T
	pid    int // of who holds the switch's namespace
	plugs  int
	folder string
}

// host is one machine of a guide.
type host struct {
	t    *testing.T
	name string
	addr string
	pid  int    // of its first process
	home string // what is /home there
	env  []string
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{t: t, folder: t.TempDir()}
	n.pid = hold(t, "unshare", "--net", "--kill-child", "sh", "-c", "echo ready; exec cat")
	n.on(n.pid, "ip", "link", "add", "br0", "type", "bridge")
	n.on(n.pid, "ip", "link", "set", "br0", "up")
	return n
}

// host plugs a machine in. Its release lies at folder, below /home, and is where lines are typed.
func (n *network) host(name, addr string) *host {
	n.t.Helper()
	h := &host{t: n.t, name: name, addr: addr, home: filepath.Join(n.folder, name)}
	if err := os.MkdirAll(filepath.Join(h.home, "rmq"), 0o755); err != nil {
		n.t.Fatal(err)
	}
	outer := hold(n.t, "unshare", "--net", "--pid", "--mount", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		`hostname "$1" && mount --bind "$2" /home && echo ready && exec cat`, "sh", name, h.home)
	h.pid = child(n.t, outer)
	port := "port" + strconv.Itoa(n.plugs)
	n.plugs++
	n.on(n.pid, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(h.pid))
	n.on(n.pid, "ip", "link", "set", port, "master", "br0", "up")
	n.on(h.pid, "ip", "addr", "add", addr+"/24", "dev", "eth0")
	n.on(h.pid, "ip", "link", "set", "eth0", "up")
	n.on(h.pid, "ip", "link", "set", "lo", "up")
	return h
}

// hold starts a process that holds namespaces until the test ends, and waits for its "ready".
func hold(t *testing.T, name string, args ...string) (pid int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatalf("namespaces take root, iproute2 and util-linux: %v", err)
	}
	t.Cleanup(func() {
		in.Close() // its cat ends, and with that all that runs in its namespaces
		stopped := time.AfterFunc(lineBound, func() { cmd.Process.Kill() })
		defer stopped.Stop()
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("namespaces take root, iproute2 and util-linux: %q, %v, %s", line, err, &complaint)
	}
	return cmd.Process.Pid
}

// child is the one child of a process.
func child(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatalf("children of %d: %q", pid, text)
	}
	return n
}

// on runs a command in the network namespace of a process.
func (n *network) on(pid int, args ...string) {
	n.t.Helper()
	cmd := exec.Command("nsenter", append([]string{"--target", strconv.Itoa(pid), "--net"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("%v: %v: %s", cmd, err, out)
	}
}

// release unpacks a release folder at a path below /home, and types from there on.
func (h *host) release(path, repository, binary string) {
	h.t.Helper()
	at := h.file(path)
	if err := errors.Join(os.CopyFS(at, os.DirFS(filepath.Join(repository, "dist"))), copyFile(filepath.Join(at, "bin", "gantry"), binary)); err != nil {
		h.t.Fatal(err)
	}
	h.env = []string{"HOME=/home/rmq", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "ROCKETMQ_HOME=" + path, "PWD=" + path}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// file is where a path of the host, below /home, lies here.
func (h *host) file(path string) string {
	h.t.Helper()
	below, is := strings.CutPrefix(path, "/home/")
	if !is {
		h.t.Fatalf("%s is not below /home", path)
	}
	return filepath.Join(h.home, below)
}

// put writes a file on the host.
func (h *host) put(path string, text []byte) {
	h.t.Helper()
	if err := os.WriteFile(h.file(path), text, 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// types runs a line in the release folder, as an operator does there, and returns what it printed and its exit code. What it
// leaves in the background goes on.
func (h *host) types(line string) (printed string, code int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), lineBound)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(h.pid), "--net", "--pid", "--mount", "--uts", "--",
		"env", "-i")
	cmd.Args = append(append(cmd.Args, h.env...), "sh", "-c", `cd "$ROCKETMQ_HOME" && `+line)
	out, err := os.CreateTemp(h.t.TempDir(), "printed") // not a pipe: what goes on in the background would keep it open
	if err != nil {
		h.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	text, _ := os.ReadFile(out.Name())
	if ctx.Err() != nil {
		h.t.Fatalf("%s: %s: took more than %v\n%s", h.name, line, lineBound, text)
	}
	if cmd.ProcessState == nil {
		h.t.Fatalf("%s: %s: %v", h.name, line, err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// does is types for a line that must succeed.
func (h *host) does(line string) string {
	h.t.Helper()
	printed, code := h.types(line)
	if code != 0 {
		h.t.Fatalf("%s: %s: exit code %d\n%s", h.name, line, code, printed)
	}
	return printed
}

// shows polls until a file of the host holds a text.
func (h *host) shows(path, text string) {
	h.t.Helper()
	eventually(h.t, func() error {
		found, err := os.ReadFile(h.file(path))
		if err != nil || !strings.Contains(string(found), text) {
			return fmt.Errorf("%s: %s does not show %q: %v\n%s", h.name, path, text, err, found)
		}
		return nil
	})
}

// eventually polls until f is content.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(lineBound)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
