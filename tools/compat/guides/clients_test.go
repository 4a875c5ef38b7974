package guides

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gantry/tools/compat/artifacts"
)

// applications are the README's, each a folder of files that a host is given and the command that runs there: they send a
// message and consume it.
type applications struct {
	folder   string // ends with the test
	commands map[string]string
}

// stockClients builds them: with rocketmq-client 4.6.0, the guides' time, and rocketmq-client-go v2.1.2.
func stockClients(t *testing.T) applications {
	t.Helper()
	set, err := artifacts.Ensure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	a := applications{folder: t.TempDir(), commands: map[string]string{}}
	a.buildGo(t, readmeBlock(t, readme, "go"))
	a.buildJava(t, readmeBlock(t, readme, "java"), set)
	return a
}

func readmeBlock(t *testing.T, readme []byte, language string) []byte {
	t.Helper()
	block := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatalf("the README has no application in %s", language)
	}
	return block[1]
}

func (a applications) source(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (a applications) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", cmd, err, out)
	}
}

func (a applications) buildGo(t *testing.T, text []byte) {
	t.Helper()
	a.run(t, "go", "build", "-o", filepath.Join(a.folder, "quickstart"), a.source(t, "main.go", text))
	a.commands["Go"] = "./quickstart"
}

// buildJava takes the jars along: a host has a /home of its own, where they may lie here.
func (a applications) buildJava(t *testing.T, text []byte, set *artifacts.Set) {
	t.Helper()
	classpath, err := set.ClientClasspath(artifacts.Java460)
	if err != nil {
		t.Fatal(err)
	}
	a.run(t, "javac", "-cp", classpath, "-d", a.folder, a.source(t, "QuickStart.java", text))
	for _, jar := range filepath.SplitList(classpath) {
		if !strings.HasSuffix(jar, ".jar") {
			continue
		}
		if err := copyFile(filepath.Join(a.folder, filepath.Base(jar)), jar); err != nil {
			t.Fatal(err)
		}
	}
	java, err := exec.LookPath("java")
	if err != nil {
		t.Fatal(err)
	}
	a.commands["Java"] = java + " --add-opens java.base/java.nio=ALL-UNNAMED -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.home=/home/rmq -cp '.:*' QuickStart"
}

// producesAndConsumes runs each of the applications on a host.
func (h *host) producesAndConsumes(a applications, namesrv string) {
	h.t.Helper()
	if err := os.CopyFS(h.file("/home/rmq/application"), os.DirFS(a.folder)); err != nil {
		h.t.Fatal(err)
	}
	for language, command := range a.commands {
		if out, code := h.types("cd /home/rmq/application && " + command + " " + namesrv); code != 0 || !strings.Contains(out, "received hello from "+language) {
			h.t.Errorf("%s: the stock client in %s: exit code %d, printed\n%s", h.name, language, code, out)
		}
	}
}
