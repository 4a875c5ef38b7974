package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestBytesArriveInOrderAndEOFAfterTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(Addr("a"), Addr("b"))
		sent := make([]byte, 3*bufferBytes+17) // more than a direction holds
		for i := range sent {
			sent[i] = byte(i * 7)
		}
		go func() {
			near.Write(sent[:10])
			near.Write(sent[10:])
			near.Close()
		}()
		got, err := io.ReadAll(far)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("read %d bytes, %v, want the %d sent", len(got), err, len(sent))
		}
	})
}

func TestAWriterWaitsForRoomNotForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(Addr("a"), Addr("b"))
		if n, err := near.Write(make([]byte, bufferBytes)); n != bufferBytes || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		wrote := make(chan struct{})
		go func() { near.Write([]byte{1}); close(wrote) }()
		synctest.Wait()
		select {
		case <-wrote:
			t.Fatal("a full direction took another byte")
		default:
		}
		far.Read(make([]byte, 1))
		<-wrote
	})
}

func TestClosedEnds(t *testing.T) {
	near, far := Pipe(Addr("a"), Addr("b"))
	near.Write([]byte("last words"))
	near.Close()
	if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write on a closed end: %v, want net.ErrClosed", err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read on a closed end: %v, want net.ErrClosed", err)
	}
	if _, err := far.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write to a closed peer: %v, want io.ErrClosedPipe", err)
	}
	if got, err := io.ReadAll(far); string(got) != "last words" || err != nil {
		t.Errorf("the peer read %q, %v", got, err)
	}
}

func TestDeadlinesEndWaitingAndCanBeLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe(Addr("a"), Addr("b"))
		start := time.Now()
		near.SetReadDeadline(start.Add(time.Second))
		_, err := near.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("read ended with %v after %v", err, time.Since(start))
		}
		near.SetReadDeadline(time.Time{})
		far.Write([]byte("x"))
		if n, err := near.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("after the deadline was lifted: %d, %v", n, err)
		}
		near.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := near.Write(make([]byte, bufferBytes+1))
		if n != bufferBytes || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d, %v, want a full direction and a deadline", n, err)
		}
	})
}

func TestALaterDeadlineReplacesAnEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := Pipe(Addr("a"), Addr("b"))
		start := time.Now()
		near.SetDeadline(start.Add(time.Second))
		near.SetDeadline(start.Add(3 * time.Second))
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("read ended with %v after %v", err, time.Since(start))
		}
	})
}

func TestNamesAreTakenRefusedAndGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Network
		if _, err := n.Dial(context.Background(), "node"); err == nil {
			t.Error("a name nobody listens on was dialled")
		}
		l, err := n.Listen("node")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Listen("node"); err == nil {
			t.Error("a name was taken twice")
		}
		bounded, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := n.Dial(bounded, "node"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dialling who does not accept: %v", err)
		}
		refused := make(chan error)
		go func() { _, err := n.Dial(context.Background(), "node"); refused <- err }()
		synctest.Wait()
		l.Close()
		if err := <-refused; err == nil {
			t.Error("a closed listener took a connection")
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept on a closed listener: %v", err)
		}
		if _, err := n.Listen("node"); err != nil {
			t.Errorf("a name that was given back: %v", err)
		}
	})
}
