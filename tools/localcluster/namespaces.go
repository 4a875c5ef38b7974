package localcluster

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
)

// namespaces is a switch in a network namespace of its own with a cable (veth)
// to each host's namespace and one to where the test runs. The addresses are of
// 198.18.0.0/15, which is set aside for tests (RFC 2544).
type namespaces struct {
	number number
	hosts  int
}

// ErrNoNamespaces says that network namespaces could not be made; it carries
// what was tried.
var ErrNoNamespaces = errors.New("no network namespaces, which take root and ip of iproute2")

func openNamespaces(hosts int) (network, ports, error) {
	n, err := takeNumber(func(int) bool { return true })
	if err != nil {
		return nil, ports{}, err
	}
	s := namespaces{n, hosts}
	if err := s.build(); err != nil {
		return nil, ports{}, errors.Join(ErrNoNamespaces, err, s.close())
	}
	return s, n.ports(), nil
}

func (s namespaces) ip(host int) string { return fmt.Sprintf("198.18.%d.%d", s.number.n, host+2) }

// testIP is where the test is.
func (s namespaces) testIP() string { return s.ip(-1) }

func (s namespaces) name(host int) string { return fmt.Sprintf("gantry%d-%d", s.number.n, host) }

func (s namespaces) switchName() string { return fmt.Sprintf("gantry%d-switch", s.number.n) }

// cable is what the test's end of its cable is called.
func (s namespaces) cable() string { return fmt.Sprintf("gantry%d", s.number.n) }

func (s namespaces) build() error {
	if err := s.clear(); err != nil { // what an interrupted test has left behind
		return err
	}
	steps := [][]string{
		{"netns", "add", s.switchName()},
		{"-n", s.switchName(), "link", "add", "br0", "type", "bridge"},
		{"-n", s.switchName(), "link", "set", "br0", "up"},
		{"link", "add", s.cable(), "type", "veth", "peer", "name", "test", "netns", s.switchName()},
		{"addr", "add", s.testIP() + "/24", "dev", s.cable()},
		{"link", "set", s.cable(), "up"},
		{"-n", s.switchName(), "link", "set", "test", "master", "br0", "up"},
	}
	for host := range s.hosts {
		port := fmt.Sprint("port", host)
		steps = append(steps,
			[]string{"netns", "add", s.name(host)},
			[]string{"-n", s.switchName(), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", s.name(host)},
			[]string{"-n", s.switchName(), "link", "set", port, "master", "br0", "up"},
			[]string{"-n", s.name(host), "addr", "add", s.ip(host) + "/24", "dev", "eth0"},
			[]string{"-n", s.name(host), "link", "set", "eth0", "up"},
			[]string{"-n", s.name(host), "link", "set", "lo", "up"})
	}
	for _, step := range steps {
		if err := ip(step...); err != nil {
			return err
		}
	}
	return nil
}

func (s namespaces) command(host int, name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", s.name(host), name}, args...)...)
}

// nobody is the Ethernet address of no host.
const nobody = "02:00:00:00:00:00"

// cut tells each host a wrong Ethernet address for the other: what they send
// each other is lost on the way, as on a broken switch, and neither is told.
func (s namespaces) cut(one, other int) error {
	return errors.Join(
		ip("-n", s.name(one), "neigh", "replace", s.ip(other), "lladdr", nobody, "dev", "eth0", "nud", "permanent"),
		ip("-n", s.name(other), "neigh", "replace", s.ip(one), "lladdr", nobody, "dev", "eth0", "nud", "permanent"))
}

func (s namespaces) heal(one, other int) error {
	return errors.Join(
		ip("-n", s.name(one), "neigh", "del", s.ip(other), "dev", "eth0"),
		ip("-n", s.name(other), "neigh", "del", s.ip(one), "dev", "eth0"))
}

func (s namespaces) close() error { return errors.Join(s.clear(), s.number.release()) }

// clear removes the namespaces of the number, and what is in them with them. The
// cable to the test goes first: the kernel takes its time with a namespace's.
func (s namespaces) clear() error {
	if _, err := net.InterfaceByName(s.cable()); err == nil {
		if err := ip("link", "del", s.cable()); err != nil {
			return err
		}
	}
	list, err := exec.Command("ip", "netns", "list").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip netns list: %w: %s", err, list)
	}
	var errs []error
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, s.cable()+"-") {
			errs = append(errs, ip("netns", "del", strings.Fields(line)[0]))
		}
	}
	return errors.Join(errs...)
}

func ip(args ...string) error {
	cmd := exec.Command("ip", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", cmd, err, out)
	}
	return nil
}
