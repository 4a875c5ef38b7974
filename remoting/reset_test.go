package remoting_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"gantry/remoting"
)

// Clients before 5.x go on waiting for their pulls when a connection ends in
// order; only a reset tells them that the server is gone.
func TestAKilledServersConnectionsAreReset(t *testing.T) {
	if os.Getenv("GANTRY_TEST_SERVE") != "" {
		serveUntilKilled()
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestAKilledServersConnectionsAreReset$")
	cmd.Env = append(os.Environ(), "GANTRY_TEST_SERVE=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := make([]byte, 64)
	n, err := out.Read(addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", string(addr[:n]))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	answer := ask(t, c)
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := c.Read(answer); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client reads %v, want a reset", err)
	}
}

func TestAServersOwnEndOfAConnectionIsOrderly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0)
	s.Serve(l, answerAll)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	answer := ask(t, c)
	s.Close(t.Context())
	if _, err := c.Read(answer); err != io.EOF {
		t.Errorf("the client reads %v, want the end", err)
	}
}

// ask makes sure that the connection is served.
func ask(t *testing.T, c net.Conn) []byte {
	t.Helper()
	if _, err := c.Write(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 34})); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1024)
	if _, err := c.Read(answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func answerAll(conn *remoting.Conn) remoting.FrameHandler {
	return remoting.NewEndpoint(conn, func(_ *remoting.Command, to remoting.Responder) { to.Reply(&remoting.Response{}) }, nil)
}

func serveUntilKilled() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	remoting.NewServer(slog.New(slog.DiscardHandler), remoting.Limits{}, 0).Serve(l, answerAll)
	os.Stdout.WriteString(l.Addr().String())
	select {}
}
