package compat

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gantry/tools/compat/artifacts"
	"gantry/tools/compat/server"
)

// What the README tells a newcomer to type is compiled and run as it stands.

func TestTheReadmesJavaApplicationSendsAndReceives(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, nil)
	set := theatre.Artifacts(t)
	for _, version := range []string{artifacts.Java460, artifacts.Java532} {
		classpath, err := set.ClientClasspath(version)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		source := filepath.Join(dir, "QuickStart.java")
		writeFile(t, source, readmeBlock(t, set, "java"))
		runIn(t, dir, "javac", "-cp", classpath, "-d", dir, source)
		var out string
		theatre.Undisturbed(func() { // it gives its first send 3 s, the start of everything included
			out = runIn(t, dir, "java", "--add-opens", "java.base/java.nio=ALL-UNNAMED", "-Duser.home="+dir,
				"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
				"-cp", classpath+string(filepath.ListSeparator)+dir, "QuickStart", srv.Namesrv())
		})
		if !strings.Contains(out, "SEND_OK") || !strings.Contains(out, "received hello from Java") {
			t.Errorf("client %s prints:\n%s", version, out)
		}
	}
}

func TestTheReadmesGoApplicationSendsAndReceives(t *testing.T) {
	srv := theatre.Server(t, server.Standalone, nil)
	set := theatre.Artifacts(t)
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	writeFile(t, source, readmeBlock(t, set, "go"))
	program := filepath.Join(dir, "quickstart")
	runIn(t, ".", "go", "build", "-o", program, source)
	out := runIn(t, dir, program, srv.Namesrv())
	if !strings.Contains(out, "sent") || !strings.Contains(out, "received hello from Go") {
		t.Errorf("it prints:\n%s", out)
	}
}

// readmeBlock is the README's one block of code in a language.
func readmeBlock(t *testing.T, set *artifacts.Set, language string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(set.Repository(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) != 1 {
		t.Fatalf("the README has %d blocks of %s", len(blocks), language)
	}
	return blocks[0][1]
}

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// runIn runs a program to its end and returns what it printed.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &out)
	}
	return out.String()
}
