// Package process starts a child that dies with its parent, writes its output to a file, and can be stopped, killed and waited
// for by its own id. It knows nothing of what it runs.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// StopTimeout is how long a child may take to end after SIGTERM before it is killed.
const StopTimeout = 20 * time.Second

// ErrStillRunning says that a child had to be killed after it was asked to stop.
var ErrStillRunning = errors.New("did not stop in time and was killed")

// Process is a started child.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // what Wait said; read after exited is closed
}

// Start runs cmd with its output appended to the file logPath. A standard output or input set beforehand is kept.
func Start(cmd *exec.Cmd, logPath string) (*Process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", cmd.Path, err)
	}
	defer log.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	cmd.Stderr = log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	p.err = p.cmd.Wait()
	close(p.exited)
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Running tells whether the child has not ended; a nil Process has.
func (p *Process) Running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Exited is closed when the child has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// ExitCode is the child's exit code; it must have ended.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Kill ends the child with SIGKILL and waits for its end.
func (p *Process) Kill() {
	// The only error is that it has ended, which is what we want.
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Stop asks the child to end with SIGTERM and waits for it.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return nil
	case <-time.After(StopTimeout):
		p.Kill()
		return fmt.Errorf("process %d: %w", p.PID(), ErrStillRunning)
	}
}
