package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"gantry/tools/compat/artifacts"
)

// Kind is one stock client.
type Kind string

// The stock clients.
const (
	Java460 Kind = artifacts.Java460
	Java498 Kind = artifacts.Java498
	Java532 Kind = artifacts.Java532
	Go212   Kind = "go212"
)

// Kinds are all stock clients.
func Kinds() []Kind { return []Kind{Java460, Java498, Java532, Go212} }

// IsJava tells the Java clients from the Go client.
func (k Kind) IsJava() bool { return k != Go212 }

// Host makes a command that runs somewhere; exec.Command makes one that runs here.
type Host func(name string, args ...string) *exec.Cmd

// Launch starts an agent of one kind on a host, with its home, logs and offsets in dir, which it makes. Properties are Java system
// properties without their -D; the Go client has none.
func Launch(on Host, set *artifacts.Set, kind Kind, dir string, properties ...string) (*Agent, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the home of %s: %w", kind, err)
	}
	cmd, err := command(on, set, kind, dir, properties)
	if err != nil {
		return nil, err
	}
	cmd.Dir = dir
	return Start(cmd, filepath.Join(dir, "agent.err"))
}

func command(on Host, set *artifacts.Set, kind Kind, dir string, properties []string) (*exec.Cmd, error) {
	if !kind.IsJava() {
		cmd := on(set.GoAgent())
		cmd.Env = append(os.Environ(), "HOME="+dir, "ROCKETMQ_GO_LOG_LEVEL=warn")
		return cmd, nil
	}
	classpath, err := set.ClientClasspath(string(kind))
	if err != nil {
		return nil, err
	}
	args := []string{
		"--add-opens", "java.base/java.nio=ALL-UNNAMED",
		"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Duser.home=" + dir,
	}
	for _, p := range properties {
		args = append(args, "-D"+p)
	}
	return on("java", append(args, "-cp", classpath, "gantry.compat.Main")...), nil
}
