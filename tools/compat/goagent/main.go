// Command goagent drives producers and consumers of the stock Go client over the protocol of package agent. It ends when its
// input ends, and decides nothing: every expectation lives on the side that gives the commands.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"gantry/tools/compat/agent"
)

const maxLineBytes = 64 << 20

func main() {
	out := os.Stdout
	os.Stdout = os.Stderr // the client prints what it likes
	if err := newAgent(out).serve(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "goagent:", err)
		os.Exit(1)
	}
}

// command runs one command and returns what its reply carries.
type command func(arguments json.RawMessage) (any, error)

type goAgent struct {
	out      *output
	members  members
	commands map[string]command
}

func newAgent(w io.Writer) *goAgent {
	a := &goAgent{out: &output{w: w}}
	a.commands = map[string]command{
		"startProducer":            with(a.startProducer),
		"send":                     with(a.send),
		"request":                  with(a.request),
		"startTransactionProducer": with(a.startTransactionProducer),
		"sendTransaction":          with(a.sendTransaction),
		"startPushConsumer":        with(a.startPush),
		"startPullConsumer":        with(a.startPull),
		"pull":                     with(a.pull),
		"commit":                   with(a.commit),
		"committed":                with(a.committed),
		"startLitePullConsumer":    with(a.startPull),
		"poll":                     with(a.poll),
		"createTopic":              with(a.createTopic),
		"ready":                    with(func(struct{}) (any, error) { return nil, nil }),
		"shutdown":                 with(a.shutdown),
	}
	return a
}

// with decodes a command's arguments for its function.
func with[A any](run func(A) (any, error)) command {
	return func(raw json.RawMessage) (any, error) {
		var arguments A
		if err := json.Unmarshal(raw, &arguments); err != nil {
			return nil, fmt.Errorf("arguments: %w", err)
		}
		return run(arguments)
	}
}

func (a *goAgent) serve(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLineBytes)
	for lines.Scan() {
		var request agent.Request
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return fmt.Errorf("request: %w", err)
		}
		go a.answer(request)
	}
	return lines.Err()
}

func (a *goAgent) answer(request agent.Request) {
	run, known := a.commands[request.Command]
	if !known {
		a.out.write(agent.Line{ID: request.ID, Error: "this client has no " + request.Command})
		return
	}
	result, err := run(request.Arguments)
	if err != nil {
		a.out.write(agent.Line{ID: request.ID, Error: err.Error()})
		return
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		panic(fmt.Sprintf("BUG: result of %s: %v", request.Command, err))
	}
	a.out.write(agent.Line{ID: request.ID, Result: encoded})
}

// output writes lines whole.
type output struct {
	mu sync.Mutex // held while a line is written
	w  io.Writer
}

func (o *output) write(line agent.Line) {
	encoded, err := json.Marshal(line)
	if err != nil {
		panic(fmt.Sprintf("BUG: line %+v: %v", line, err))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.w.Write(append(encoded, '\n')); err != nil {
		// Whoever gave the commands is gone; so is our purpose.
		os.Exit(1)
	}
}
