// Package artifacts makes the stock clients and the real servers ready to start: it lets Maven resolve the class paths and
// compile the Java agent once per client version, and builds the Go agent. All of it lands in tools/compat/target and is left
// alone while its sources are unchanged. It starts no client and no server.
package artifacts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrNoJava says that java or mvn is not on this machine.
var ErrNoJava = errors.New("java and mvn are needed")

// Set is everything resolved, by its folder.
type Set struct{ root string }

// The profiles of pom.xml. The agent is compiled for those that name a client.
const (
	Java460   = "java460"
	Java498   = "java498"
	Java532   = "java532"
	server    = "server"
	server533 = "server533"
	benchmark = "benchmark"
	spring    = "spring" // a module of its own, springapp/
)

// Ensure makes the set complete. It is safe to be called by several processes at once: one works, the others wait.
func Ensure(ctx context.Context) (*Set, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoJava, err)
		}
	}
	s := &Set{root: root}
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, profile := range []string{Java460, Java498, Java532, server, server533, benchmark, spring} {
		if err := s.resolve(ctx, profile); err != nil {
			return nil, err
		}
	}
	return s, s.buildGoAgent(ctx)
}

// ClientClasspath is the class path of the Java agent with one client version.
func (s *Set) ClientClasspath(version string) (string, error) { return s.compiledClasspath(version) }

func (s *Set) compiledClasspath(name string) (string, error) {
	dependencies, err := s.classpath(name)
	return filepath.Join(s.target(name), "classes") + string(os.PathListSeparator) + dependencies, err
}

// ServerClasspath is the class path of the real name server, broker and tools 4.9.7.
func (s *Set) ServerClasspath() (string, error) { return s.classpath(server) }

// Server533Classpath is the class path of the real name server, broker, proxy and tools 5.3.3.
func (s *Set) Server533Classpath() (string, error) { return s.classpath(server533) }

// BenchmarkClasspath is the class path of the official benchmark.
func (s *Set) BenchmarkClasspath() (string, error) { return s.classpath(benchmark) }

// SpringClasspath is the class path of the Spring Boot application.
func (s *Set) SpringClasspath() (string, error) { return s.compiledClasspath(spring) }

// GoAgent is the path of the Go agent's binary.
func (s *Set) GoAgent() string { return filepath.Join(s.root, "target", "goagent") }

// Repository is the folder of the repository this tool belongs to.
func (s *Set) Repository() string { return filepath.Dir(filepath.Dir(s.root)) }

func (s *Set) target(name string) string { return filepath.Join(s.root, "target", name) }

func (s *Set) classpath(profile string) (string, error) {
	text, err := os.ReadFile(filepath.Join(s.target(profile), "classpath"))
	if err != nil {
		return "", fmt.Errorf("class path of %s: %w", profile, err)
	}
	return strings.TrimSpace(string(text)), nil
}

func (s *Set) lock() (unlock func() error, err error) {
	if err := os.MkdirAll(filepath.Join(s.root, "target"), 0o777); err != nil {
		return nil, fmt.Errorf("make the target folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(s.root, "target", "lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the target folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the target folder: %w", err)
	}
	return file.Close, nil
}

// findRoot walks up from the working folder to the folder of this module.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find tools/compat: %w", err)
	}
	for {
		module, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(module), "module gantry/tools/compat\n") {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("find tools/compat: the working folder lies outside of it")
		}
		dir = filepath.Dir(dir)
	}
}
