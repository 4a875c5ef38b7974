package remotingtest

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/memnet"
)

// dialled returns both ends of a connection under faults.
func dialled(t *testing.T, f *Faults) (near, far net.Conn) {
	t.Helper()
	var n memnet.Network
	l, err := n.Listen("server")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	f.Below = n.Dial
	near, err = f.Dial(context.Background(), "server")
	if err != nil {
		t.Fatal(err)
	}
	return near, <-accepted
}

func TestSplitWritesArriveByteByByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Faults
		near, far := dialled(t, &f)
		f.SplitWrites()
		f.Delay(time.Second)
		start := time.Now()
		if n, err := near.Write([]byte("abc")); n != 3 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("the write took %v, want the delay once", d)
		}
		got := make([]byte, 3)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "abc" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestCutAfterLetsExactlySoManyBytesThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Faults
		near, far := dialled(t, &f)
		f.CutAfter(5)
		n, err := near.Write([]byte("abcdefgh"))
		if n != 5 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("wrote %d, %v, want 5 and a closed connection", n, err)
		}
		if got, err := io.ReadAll(far); string(got) != "abcde" || err != nil {
			t.Errorf("the peer read %q, %v", got, err)
		}
	})
}

func TestCutClosesEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Faults
		near, far := dialled(t, &f)
		f.Cut()
		if _, err := far.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the peer reads %v, want EOF", err)
		}
		if _, err := near.Write([]byte("x")); err == nil {
			t.Error("a cut connection takes bytes")
		}
	})
}
