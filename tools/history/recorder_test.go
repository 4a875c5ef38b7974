package history

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// record is a run of many clients at once, in which all goes well but for what
// the caller says.
func record(r *Recorder, clients, sends int) {
	r.Declare("t", clients*sends)
	r.Subscribe("g", "t")
	var running sync.WaitGroup
	for i := range clients {
		name := fmt.Sprint("p", i)
		running.Go(func() {
			for seq := range int64(sends) {
				at := Place{Queue{"t", "a", i}, seq}
				r.Invoke(name, seq, "t", "k", uint32(seq))
				r.Store(name, seq, at, fmt.Sprint(name, seq))
				r.Deliver(Event{Group: "g", Member: "m", Place: at, MsgID: fmt.Sprint(name, seq), Client: name, Seq: seq, Key: "k", CRC: uint32(seq)})
			}
		})
	}
	running.Wait()
}

func TestARecordedRunIsJudgedAsItGrowsAndFromItsText(t *testing.T) {
	var text bytes.Buffer
	r := NewRecorder(&text)
	record(r, 8, 50)
	r.Invoke("p0", 50, "t", "k", 7)
	r.Store("p0", 50, Place{Queue{"t", "a", 0}, 50}, "lost one")
	r.Invoke("p1", 50, "t", "k", 7)
	r.Refuse("p1", 50, errors.New("no such topic"))
	r.Invoke("p2", 50, "t", "k", 7)
	r.Lose("p2", 50, errors.New("no answer"))
	if n := r.Missing(); n != 1 {
		t.Errorf("%d deliveries are missing while it runs", n)
	}
	live := r.Report()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	replayed := judge(t, text.String())
	for _, report := range []Report{live, replayed} {
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), "never got p0/50") || len(report.Violated()) != 1 {
			t.Errorf("the run is judged %v", err)
		}
		if report.Sends != 8*50+3 || report.Acknowledged != 8*50+1 || report.Deliveries != 8*50 {
			t.Errorf("the run is counted as %v", report)
		}
	}
}

func TestWhatAMemberHoldsIsRecordedByItsChanges(t *testing.T) {
	var text bytes.Buffer
	r := NewRecorder(&text)
	zero, one := Queue{"t", "a", 0}, Queue{"t", "a", 1}
	r.Hold("g", "m", []Queue{zero})
	r.Hold("g", "m", []Queue{zero, one})
	r.Hold("g", "m", []Queue{one})
	r.Hold("g", "n", []Queue{zero})
	r.Hold("g", "m", nil)
	if err := r.Report().Err(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(text.String()) {
		_, event, _ := strings.Cut(strings.TrimSpace(line), " ")
		got = append(got, event)
	}
	want := "hold g m t a 0, hold g m t a 1, drop g m t a 0, hold g n t a 0, drop g m t a 1"
	if strings.Join(got, ", ") != want {
		t.Errorf("recorded is %s, want %s", strings.Join(got, ", "), want)
	}
}

func TestAWindowsDisturbanceAllowsWhatCalmDoesNot(t *testing.T) {
	for name, disturbed := range map[string]bool{"calm": false, "disturbed": true} {
		r := NewRecorder(&bytes.Buffer{})
		record(r, 1, 1)
		if disturbed {
			r.Disturb(1, "a fault")
		}
		r.Deliver(Event{Group: "g", Member: "m", Place: Place{Queue: Queue{"t", "a", 0}}, MsgID: "p00", Client: "p0", Key: "k"})
		r.Calm("over")
		if err := r.Report().Err(); (err == nil) != disturbed {
			t.Errorf("%s: a repeated delivery is judged %v", name, err)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestCloseSaysWhatCouldNotBeRecorded(t *testing.T) {
	r := NewRecorder(fullDisk{})
	r.Calm("x")
	if err := r.Close(); !errors.Is(err, errFull) {
		t.Errorf("close gives %v", err)
	}
	r = NewRecorder(&bytes.Buffer{})
	r.Store("p", 0, Place{}, "id")
	if err := r.Close(); !errors.Is(err, ErrMalformed) {
		t.Errorf("close gives %v", err)
	}
}

func BenchmarkAMillionRecords(b *testing.B) {
	for b.Loop() {
		var text bytes.Buffer
		r := NewRecorder(&text)
		record(r, 10, 33_333)
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
		if _, err := Check(&text); err != nil {
			b.Fatal(err)
		}
	}
}
