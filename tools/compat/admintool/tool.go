// Package admintool runs RocketMQ's own admin tool (rocketmq-tools 4.9.7) against servers, all commands in one JVM, and tells
// what it prints so that two servers can be compared. It starts no server.
package admintool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gantry/tools/compat/realbroker"
)

// commandBound is how long one command may take, and the start of the JVM.
const commandBound = 90 * time.Second

// Tool is a running JVM with the tool in it.
type Tool struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it prints, closed at its end
}

// logback has the tool log nothing.
const logback = `<configuration><root level="OFF"/></configuration>`

// Start starts the JVM; home is a folder for what the tool keeps. Close must follow.
func Start(classpath, driver, home string) (*Tool, error) {
	if err := errors.Join(os.MkdirAll(filepath.Join(home, "conf"), 0o755),
		os.WriteFile(filepath.Join(home, "conf", "logback_tools.xml"), []byte(logback), 0o644)); err != nil {
		return nil, err
	}
	args := append(realbroker.ModuleFlags(), realbroker.QuickJVMFlags()...)
	args = append(args, "-Duser.home="+home, "-Drocketmq.home.dir="+home, "-cp", classpath, driver)
	t := &Tool{cmd: exec.Command("java", args...), lines: make(chan string, 64)}
	t.cmd.Stderr = os.Stderr
	in, errIn := t.cmd.StdinPipe()
	out, errOut := t.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, t.cmd.Start()); err != nil {
		return nil, fmt.Errorf("start the admin tool: %w", err)
	}
	t.in = in
	go func() {
		defer close(t.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			t.lines <- scanner.Text()
		}
	}()
	return t, nil
}

// Close ends the JVM.
func (t *Tool) Close() error {
	t.in.Close()
	kill := time.AfterFunc(commandBound, func() { t.cmd.Process.Kill() })
	defer kill.Stop()
	for range t.lines {
	}
	return t.cmd.Wait()
}

// Run runs one command and returns what it printed.
func (t *Tool) Run(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	if _, err := fmt.Fprintln(t.in, strings.Join(args, "\x1f")); err != nil {
		return "", fmt.Errorf("mqadmin %v: %w", args, err)
	}
	var printed []string
	for {
		select {
		case line, more := <-t.lines:
			switch {
			case !more:
				return "", fmt.Errorf("mqadmin %v: the tool ended\n%s", args, strings.Join(printed, "\n"))
			case line == ".":
				return strings.Join(printed, "\n"), nil
			}
			printed = append(printed, strings.TrimPrefix(line, " "))
		case <-ctx.Done():
			return "", fmt.Errorf("mqadmin %v: %w\n%s", args, ctx.Err(), strings.Join(printed, "\n"))
		}
	}
}

// masks are what may differ between two servers with the same content, and what stands for it.
var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\b(?:[0-9A-F]{32}|[0-9A-F]{56})\b *`), "ID "}, // the longer ones of a host whose address is of IPv6
	{regexp.MustCompile(`storeSize=\d+`), "storeSize=BYTES"},           // properties end with a separator here, and not there
	{regexp.MustCompile(`commitLogOffset=[1-9]\d*`), "commitLogOffset=BYTES"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+ *`), "ADDR "},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?`), "TIME"},
	{regexp.MustCompile(`\b1\d{12}\b`), "MILLIS"},
	{regexp.MustCompile(`(?m)^\s+(at|\.\.\.) .*\n?`), ""},
}

// Masked is a text with times, addresses and ids masked, and without stack traces.
func Masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.by)
	}
	return text
}
