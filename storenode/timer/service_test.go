package timer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gantry/remoting/message"
	"gantry/storenode/configfile"
	"gantry/storenode/vfs"
)

func TestAMessageComesWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.send("before the start", 1500*time.Millisecond)
		s.run()
		s.send("late", time.Hour)
		s.send("soon", 1234*time.Millisecond)
		time.Sleep(1233 * time.Millisecond)
		s.want()
		time.Sleep(time.Second)
		s.want("soon at 1.234s", "before the start at 1.5s")
		s.send("sooner than what is waited for", 10*time.Millisecond)
		time.Sleep(time.Hour)
		s.want("sooner than what is waited for at 2.243s", "late at 1h0m0s")
	})
}

func TestAMessageComesAsItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		stored := time.Now().UnixMilli()
		at := stored + 5000
		s.sendWith("m", message.PropertyTimerDeliverMs, strconv.FormatInt(at, 10))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(s.told) != 1 {
			t.Fatalf("%d messages came", len(s.told))
		}
		got, want := s.told[0].Message, sent("m", message.PropertyTimerDeliverMs, strconv.FormatInt(at, 10))
		want.Properties = want.Properties.Set(message.PropertyTimerOutMs, strconv.FormatInt((at-1)/1000*1000, 10)).
			Set(message.PropertyRealTopic, "TopicTest").Set(message.PropertyRealQueueID, "3").Set(message.PropertyTimerEnqueueMs, strconv.FormatInt(stored/1000*1000, 10)).Set(message.PropertyTimerDequeueMs, strconv.FormatInt(at, 10))
		got.BodyCRC = want.BodyCRC
		if g, w := fmt.Sprintf("%+q", fmt.Sprint(got)), fmt.Sprintf("%+q", fmt.Sprint(want)); g != w {
			t.Errorf("it came as\n%s, want\n%s", g, w)
		}
	})
}

func TestWhatIsDueTogetherComesInTheOrderOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		for i := range 1000 {
			s.send(strconv.Itoa(i), time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(s.told) != 1000 {
			t.Fatalf("%d came", len(s.told))
		}
		for i, d := range s.told {
			if string(d.Body) != strconv.Itoa(i) || d.at.Sub(s.start) != time.Second {
				t.Fatalf("number %d is %s, at %v", i, d.Body, d.at.Sub(s.start))
			}
		}
	})
}

// random sends n messages that are due within a minute, over as long, and returns when each is.
func (s *scene) random(n int, seed uint64, between func(i int)) map[string]time.Time {
	random := rand.New(rand.NewPCG(seed, 0))
	due := map[string]time.Time{}
	for i := range n {
		name, after := strconv.Itoa(i), time.Duration(1+random.IntN(60_000))*time.Millisecond
		due[name] = time.Now().Add(after)
		s.send(name, after)
		time.Sleep(time.Duration(random.IntN(120_000/n)) * time.Millisecond)
		between(i)
	}
	return due
}

// each says how often each message came; none came before it was due.
func (s *scene) each(due map[string]time.Time, late time.Duration) (times map[string]int) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	times = map[string]int{}
	for _, d := range s.told {
		times[string(d.Body)]++
		if at := due[string(d.Body)]; d.at.Before(at) || times[string(d.Body)] == 1 && d.at.Sub(at) > late {
			s.Errorf("%s came at %v, it was due at %v", d.Body, d.at.Sub(s.start), at.Sub(s.start))
		}
	}
	return times
}

func TestWhatFindsNoRoomInMemoryIsInFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		files, most := 0, 0
		due := s.random(500, 1, func(int) {
			synctest.Wait()
			at := s.service.Status()
			files, most = max(files, at.Runs), max(most, at.Young)
		})
		time.Sleep(time.Minute)
		times := s.each(due, 0)
		for name := range due {
			if times[name] != 1 {
				t.Errorf("%s came %d times", name, times[name])
			}
		}
		if files < 5 || most > 8 {
			t.Errorf("%d files and %d messages in memory", files, most)
		}
		if left := s.runFiles(); len(left) > 0 {
			t.Errorf("files of what is delivered are left: %v", left)
		}
	})
}

func (s *scene) runFiles() (names []string) {
	s.Helper()
	entries, err := s.fs.List(s.config.Dir)
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".run") {
			names = append(names, e.Name)
		}
	}
	return names
}

func TestAStopLosesAndRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		due := s.random(300, 2, func(i int) {
			if i%17 == 0 {
				s.stop()
				s.run()
			}
		})
		time.Sleep(time.Minute)
		times := s.each(due, 0)
		for name := range due {
			if times[name] != 1 {
				t.Errorf("%s came %d times", name, times[name])
			}
		}
	})
}

func TestAKillLosesNothingAndRepeatsOnlyTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		var kills []time.Time
		due := s.random(300, 3, func(i int) {
			if i%17 == 0 {
				s.kill()
				kills = append(kills, time.Now())
				s.run()
			}
		})
		time.Sleep(time.Minute)
		for name, n := range s.each(due, 0) {
			if n == 1 {
				continue
			}
			if !slices.ContainsFunc(kills, func(at time.Time) bool { return !due[name].After(at) && at.Sub(due[name]) <= 2*time.Second }) {
				t.Errorf("%s came %d times, and nothing was killed soon after it", name, n)
			}
		}
		if n := len(s.each(due, 0)); n != len(due) {
			t.Errorf("%d of %d messages came", n, len(due))
		}
	})
}

func TestAnEndAtAnyOperationLosesNothing(t *testing.T) {
	for name, end := range map[string]func(*scene, uint64){
		"kill":       func(s *scene, _ uint64) { s.kill() },
		"power loss": func(s *scene, seed uint64) { s.losePower(seed) },
	} {
		t.Run(name, func(t *testing.T) {
			for at, reached := 1, true; reached; at += 7 {
				synctest.Test(t, func(t *testing.T) { reached = endAt(t, at, end) })
			}
		})
	}
}

// endAt ends the service before its operation number at, and says whether there was one.
func endAt(t *testing.T, at int, end func(*scene, uint64)) (reached bool) {
	s := newScene(t)
	s.config.MaxYoung = 8
	s.run()
	var done atomic.Int64
	s.fs.SetHook(func(vfs.Op) error {
		if done.Add(1) >= int64(at) {
			return vfs.ErrHalted
		}
		return nil
	})
	due := s.random(60, 4, func(int) {
		if done.Load() >= int64(at) && !reached {
			reached = true
			end(s, uint64(at))
			s.run()
		}
	})
	s.fs.SetHook(nil)
	time.Sleep(time.Minute)
	if n := len(s.each(due, 10*time.Second)); n != len(due) {
		t.Errorf("operation %d: %d of %d messages came", at, n, len(due))
	}
	return reached
}

func TestADamagedFileIsMadeAgain(t *testing.T) {
	for name, damage := range map[string]func(*scene, string){
		"gone":      func(s *scene, path string) { s.fs.Remove(path) },
		"a bit":     func(s *scene, path string) { s.write(path, 100, []byte{0xFF}) },
		"truncated": func(s *scene, path string) { s.truncate(path) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.config.MaxYoung = 8
				s.run()
				due := s.random(100, 5, func(i int) {
					if i == 50 {
						synctest.Wait()
						for _, file := range s.runFiles() {
							damage(s, s.config.Dir+"/"+file)
						}
						s.stop()
						s.run()
					}
				})
				time.Sleep(time.Minute)
				times := s.each(due, 0)
				for name := range due {
					if times[name] != 1 {
						t.Errorf("%s came %d times", name, times[name])
					}
				}
			})
		})
	}
}

func (s *scene) write(path string, at int64, b []byte) {
	f, err := s.fs.Open(path)
	if err == nil {
		_, err = f.WriteAt(b, at)
		f.Close()
	}
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) truncate(path string) {
	f, err := s.fs.Open(path)
	if err == nil {
		err = f.Truncate(1000)
		f.Close()
	}
	if err != nil {
		s.Fatal(err)
	}
}

func TestADamagedProgressReadsAllAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.run()
		s.send("m", 10*time.Second)
		time.Sleep(5 * time.Second)
		s.stop()
		s.write(s.config.Dir+"/progress.json", 0, []byte("nonsense"))
		s.run()
		time.Sleep(10 * time.Second)
		s.want("m at 10s")
	})
}

func TestWhileTheLogFailsMessagesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.room = 1
		s.run()
		for _, name := range []string{"a", "b", "c"} {
			s.send(name, time.Second)
		}
		time.Sleep(2 * time.Second)
		s.want("a at 1s")
		s.mu.Lock()
		s.room = -1
		s.mu.Unlock()
		time.Sleep(time.Second)
		s.want("b at 2.1s", "c at 2.1s")
	})
}

func TestWhatCannotBeDeliveredHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for _, pairs := range [][]string{
			{message.PropertyTimerOutMs, "1000", message.PropertyRealTopic, Topic, message.PropertyRealQueueID, "0"},
			{message.PropertyTimerOutMs, "1000", message.PropertyRealTopic, "T", message.PropertyRealQueueID, "no number"},
			{message.PropertyTimerOutMs, "1000", message.PropertyRealTopic, "T", message.PropertyRealQueueID, "1", message.PropertyTimerDelUniqKey, "U"},
			{message.PropertyTimerOutMs, "never"},
		} {
			m := sent("bad", pairs...)
			m.Topic = Topic
			s.store(&m)
		}
		s.send("good", time.Second)
		s.run()
		time.Sleep(2 * time.Second)
		s.want("good at 1s")
	})
}

func TestMessagesArePutAgainBeforeTheirFileGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		for i := range 20 {
			s.send(strconv.Itoa(i), time.Duration(10+i)*time.Second)
		}
		time.Sleep(15500 * time.Millisecond)
		s.want("0 at 10s", "1 at 11s", "2 at 12s", "3 at 13s", "4 at 14s", "5 at 15s")
		if err := s.service.PutAgain(18); err != nil {
			t.Fatal(err)
		}
		again := len(s.records) - 20
		if again != 12 {
			t.Errorf("%d messages were put again, want those from 6 to 17", again)
		}
		if err := s.service.PutAgain(18); err != nil || len(s.records) != 32 {
			t.Errorf("once more: %d records, %v", len(s.records), err)
		}
		first := s.records[20]
		if v := string(first.Properties().Get(message.PropertyTimerRollTimes)); v != "1" || string(first.Topic()) != Topic {
			t.Errorf("it was put again into %s, %q times", first.Topic(), v)
		}
		s.mu.Lock()
		s.low = 18
		s.mu.Unlock()
		s.kill()
		s.run()
		time.Sleep(time.Minute)
		synctest.Wait()
		times := map[string]int{}
		for _, d := range s.told {
			n, _ := strconv.Atoi(string(d.Body))
			times[string(d.Body)]++
			if late := d.at.Sub(s.start) - time.Duration(10+n)*time.Second; late < 0 || late > time.Second {
				t.Errorf("%s came at %v", d.Body, d.at.Sub(s.start))
			}
		}
		for i := 6; i < 20; i++ {
			if times[strconv.Itoa(i)] != 1 {
				t.Errorf("%d came %d times", i, times[strconv.Itoa(i)])
			}
		}
	})
}

func TestBeyondTheBoundSendsAreRefusedAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung, s.config.MaxRuns = 4, 3
		s.run()
		for i := range 40 {
			s.send(strconv.Itoa(i), time.Duration(i+1)*time.Second)
		}
		synctest.Wait()
		if !s.service.Full() {
			t.Error("the service has room")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(s.told) != 40 || s.service.Full() {
			t.Errorf("%d messages came, full: %v", len(s.told), s.service.Full())
		}
	})
}

func TestALongWaitPinsNoLongStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		s.send("long", time.Hour)
		for i := range 200 {
			s.send(strconv.Itoa(i), time.Second)
			time.Sleep(time.Second)
		}
		s.stop()
		s.run()
		synctest.Wait()
		at := s.service.Status()
		if at.Kept < 190 {
			t.Errorf("a start reads %d messages again", 201-at.Kept)
		}
		if at.Runs > 2 {
			t.Errorf("%d files for one message", at.Runs)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(s.told) != 201 {
			t.Errorf("%d messages came", len(s.told))
		}
	})
}

func TestALongPropertyTextIsDeliveredWithoutStamps(t *testing.T) {
	m := sent("m", "filler", strings.Repeat("x", math.MaxInt16-120))
	m.Properties = m.Properties.Set(message.PropertyTimerOutMs, "1000").Set(message.PropertyRealTopic, "T").Set(message.PropertyRealQueueID, "0")
	record, err := message.AppendRecord(nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	restored, err := rules.restore(record, 5000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := message.AppendRecord(nil, restored); err != nil {
		t.Errorf("%d bytes of properties: %v", len(restored.Properties), err)
	}
}

func TestACopyGoesOnWhereItsMasterWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.config.MaxYoung = 8
		s.run()
		due := s.random(100, 6, func(int) {})
		synctest.Wait()
		number, text := s.service.Progress()
		if again, _ := s.service.Progress(); again != number {
			t.Errorf("%d became %d without a change", number, again)
		}
		if err := CheckProgress(text); err != nil {
			t.Fatal(err)
		}
		s.stop()
		s.fs = vfs.NewMem()
		if err := configfile.On(s.fs).MkdirAll(s.config.Dir); err != nil {
			t.Fatal(err)
		}
		if err := configfile.On(s.fs).WriteFile(s.config.Dir+"/progress.json", text); err != nil {
			t.Fatal(err)
		}
		s.run()
		time.Sleep(time.Minute)
		for name, n := range s.each(due, 0) {
			if n != 1 {
				t.Errorf("%s came %d times", name, n)
			}
		}
		if n := len(s.each(due, 0)); n != len(due) {
			t.Errorf("%d of %d messages came", n, len(due))
		}
	})
}
