package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"gantry/tools/compat/process"
)

const (
	// CallTimeout bounds one command.
	CallTimeout = 90 * time.Second

	maxLineBytes = 64 << 20
)

// Errors of a command.
var (
	ErrEnded   = errors.New("the agent has ended")
	ErrTooSlow = errors.New("the agent did not reply in time")
	ErrRefused = errors.New("the client refused")
)

// Agent is a running agent process. All its methods may be called concurrently.
type Agent struct {
	process *process.Process
	in      io.WriteCloser
	ended   chan struct{} // closed when the agent's output has ended

	writing sync.Mutex // held while a line is written

	mu      sync.Mutex // guards the rest; never held while writing
	lastID  int64
	pending map[int64]chan Line
	events  map[string]func(Line) // by member
}

// Start runs an agent's command, with its errors appended to the file logPath.
func Start(cmd *exec.Cmd, logPath string) (*Agent, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("agent's input: %w", err)
	}
	reader, writer := io.Pipe()
	cmd.Stdout = writer
	p, err := process.Start(cmd, logPath)
	if err != nil {
		return nil, err
	}
	a := &Agent{
		process: p, in: in, ended: make(chan struct{}),
		pending: map[int64]chan Line{}, events: map[string]func(Line){},
	}
	go func() {
		<-p.Exited()
		writer.Close()
	}()
	go a.read(reader)
	return a, nil
}

// PID is the agent's process id.
func (a *Agent) PID() int { return a.process.PID() }

// Ready waits until the agent answers.
func (a *Agent) Ready() error { return a.Call("ready", struct{}{}, nil) }

// Kill ends the process with SIGKILL, as a crash does.
func (a *Agent) Kill() {
	a.process.Kill()
	<-a.ended
}

// Close lets the agent end by itself, without shutting its members down, and waits for it.
func (a *Agent) Close() error {
	closing := a.in.Close()
	select {
	case <-a.process.Exited():
	case <-time.After(process.StopTimeout):
		a.process.Kill()
	}
	<-a.ended
	return closing
}

// OnEvent gives every later event of a member to handle, which must not block.
func (a *Agent) OnEvent(member string, handle func(Line)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events[member] = handle
}

// Call runs one command. Its reply is decoded into result unless that is nil.
func (a *Agent) Call(command string, arguments, result any) error {
	encoded, err := json.Marshal(arguments)
	if err != nil {
		return fmt.Errorf("encode %s: %w", command, err)
	}
	id, replies := a.expect()
	if err := a.write(Request{ID: id, Command: command, Arguments: encoded}); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	timeout := time.NewTimer(CallTimeout)
	defer timeout.Stop()
	select {
	case reply := <-replies:
		return decodeReply(command, reply, result)
	case <-a.ended:
		return fmt.Errorf("%s: %w", command, ErrEnded)
	case <-timeout.C:
		return fmt.Errorf("%s: %w", command, ErrTooSlow)
	}
}

func decodeReply(command string, reply Line, result any) error {
	if reply.Error != "" {
		return fmt.Errorf("%s: %w: %s", command, ErrRefused, reply.Error)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(reply.Result, result); err != nil {
		return fmt.Errorf("reply to %s: %w", command, err)
	}
	return nil
}

func (a *Agent) expect() (int64, <-chan Line) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastID++
	replies := make(chan Line, 1)
	a.pending[a.lastID] = replies
	return a.lastID, replies
}

func (a *Agent) write(r Request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	_, err = a.in.Write(append(line, '\n'))
	return err
}

func (a *Agent) read(from io.Reader) {
	defer close(a.ended)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLineBytes)
	for lines.Scan() {
		var line Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			panic(fmt.Sprintf("BUG: agent wrote %q: %v", lines.Bytes(), err))
		}
		a.dispatch(line)
	}
}

func (a *Agent) dispatch(line Line) {
	a.mu.Lock()
	replies, isReply := a.pending[line.ID]
	delete(a.pending, line.ID)
	handle := a.events[line.Member]
	a.mu.Unlock()
	switch {
	case line.Event == "" && isReply:
		replies <- line
	case line.Event != "" && handle != nil:
		handle(line)
	}
}
