package logfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const asShipped = `<?xml version="1.0" encoding="UTF-8"?>
<configuration scan="true">
  <appender name="Other"><file>${user.home}/logs/rocketmqlogs/other.log</file></appender>
  <appender name="Broker">
    <file>${user.home}/logs/rocketmqlogs/${brokerLogDir}/broker.log</file>
    <rollingPolicy>
      <fileNamePattern>${user.home}/logs/rocketmqlogs/otherdays/${brokerLogDir}/broker.%i.log.gz</fileNamePattern>
      <minIndex>1</minIndex><maxIndex>20</maxIndex><maxHistory>3</maxHistory>
    </rollingPolicy>
    <triggeringPolicy><maxFileSize>128MB</maxFileSize></triggeringPolicy>
  </appender>
  <root><level value="WARN"/></root>
</configuration>`

func home(name string) (string, bool) { return "/home/rmq", name == "user.home" }

func TestTheFileOfAnAppenderIsRead(t *testing.T) {
	c, err := Parse([]byte(asShipped), "broker.log", home)
	want := Config{Path: "/home/rmq/logs/rocketmqlogs/broker.log", Rolled: "/home/rmq/logs/rocketmqlogs/otherdays/broker.%i.log.gz",
		Kept: 20, MaxBytes: 128 << 20, KeptAge: 72 * time.Hour, Level: slog.LevelWarn}
	if err != nil || c != want {
		t.Errorf("%+v, %v; want %+v", c, err, want)
	}
}

// The deployment guides move the logs with sed.
func TestAFolderWrittenForTheVariableCounts(t *testing.T) {
	text := strings.ReplaceAll(asShipped, "${user.home}", "/home/rmq/src/rocketmq/data")
	c, err := Parse([]byte(text), "broker.log", home)
	if err != nil || c.Path != "/home/rmq/src/rocketmq/data/logs/rocketmqlogs/broker.log" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestVariablesOfTheTextAndDefaultsCount(t *testing.T) {
	text := `<configuration><property name="dir" value="${user.home}/x"/><appender><file>${dir}/${sub:-y}/a.log</file></appender></configuration>`
	c, err := Parse([]byte(text), "a.log", home)
	if err != nil || c.Path != "/home/rmq/x/y/a.log" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWhatCannotBeUsedIsNamed(t *testing.T) {
	for text, says := range map[string]string{
		"<configuration>":                 "EOF",
		"<configuration></configuration>": "no appender's file is called a.log",
		"<configuration><appender><file>a.log</file><triggeringPolicy><maxFileSize>big</maxFileSize></triggeringPolicy></appender></configuration>": `maxFileSize: "BIG" is no size`,
		"<configuration><appender><file>a.log</file><rollingPolicy><maxIndex>0</maxIndex></rollingPolicy></appender></configuration>":               `maxIndex: "0" is no number`,
	} {
		if _, err := Parse([]byte(text), "a.log", home); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", text, err, says)
		}
	}
}

func TestALineLooksLikeRocketMQs(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewHandler(&out, slog.LevelInfo))
	log.With("node", "b").WithGroup("g").Warn("disk fills", "free", 7, "msg", "x")
	log.Debug("not this")
	log.Info("The Name Server boot success. serializeType=JSON")
	lines := strings.Split(out.String(), "\n")
	at, err := time.ParseInLocation(timeFormat, lines[0][:len(timeFormat)], time.Local)
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("time %v, %v", at, err)
	}
	if got := lines[0][len(timeFormat):]; got != ` WARN main - disk fills node=b g.free=7 g.msg=x` {
		t.Error(got)
	}
	if got := lines[1][len(timeFormat):]; got != ` INFO main - The Name Server boot success. serializeType=JSON` || len(lines) != 3 {
		t.Errorf("%q", lines)
	}
}

// all is the text of a log, with what was rolled over, oldest first.
func all(t *testing.T, c Config) (text string, files int) {
	t.Helper()
	for i := c.Kept; i > 0; i-- {
		zipped, err := os.ReadFile(c.rolled(i))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(zipped))
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		text, files = text+string(part), files+1
	}
	last, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	return text + string(last), files
}

func write(t *testing.T, f *File, text string) {
	t.Helper()
	if n, err := f.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("%d of %d bytes, %v", n, len(text), err)
	}
	f.rolling.Wait()
}

func TestALogIsRolledOverBySizeAndTheOldestGo(t *testing.T) {
	dir := t.TempDir()
	c := Config{Path: filepath.Join(dir, "logs", "a.log"), Rolled: filepath.Join(dir, "logs", "otherdays", "a.%i.log.gz"), Kept: 3, MaxBytes: 10}
	f, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		write(t, f, fmt.Sprintf("line %02d\n", i))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, files := all(t, c)
	if want := "line 08\nline 09\nline 10\nline 11\n"; text != want || files != 3 {
		t.Errorf("%d files, %q", files, text)
	}
}

func TestALogIsRolledOverByAgeAlsoAfterARestart(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "a.log")}.withDefaults()
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.Local)
	if err := os.WriteFile(c.Path, []byte(begun.Format(timeFormat)+" INFO main - first\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	now := begun.Add(c.MaxAge)
	f, err := open(c, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "on the seventh day\n")
	if _, files := all(t, c); files != 0 {
		t.Error("rolled over too early")
	}
	now = now.Add(time.Second)
	write(t, f, "on the eighth\n")
	if text, err := os.ReadFile(c.Path); err != nil || string(text) != "on the eighth\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, files := all(t, c); files != 1 {
		t.Errorf("%d files rolled over", files)
	}
}

func TestWhatWasRolledOverLongAgoGoes(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "a.log"), MaxBytes: 1}.withDefaults()
	f, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "one\n")
	write(t, f, "two\n")
	long := time.Now().Add(-c.KeptAge - time.Hour)
	if err := os.Chtimes(c.rolled(1), long, long); err != nil {
		t.Fatal(err)
	}
	write(t, f, "three\n")
	if text, _ := all(t, c); text != "two\nthree\n" {
		t.Errorf("%q", text)
	}
}

func TestWhatAKilledProcessLeftIsNotLost(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "a.log"), MaxBytes: 1}.withDefaults()
	if err := os.WriteFile(c.waiting(), []byte("zero\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		write(t, f, text)
	}
	if text, _ := all(t, c); text != "zero\none\ntwo\nthree\n" {
		t.Errorf("%q", text)
	}
}

// The two brokers of a host log into one file.
func TestSeveralWriteOneLogAndNoLineIsLost(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "a.log"), MaxBytes: 400, Kept: 1000}.withDefaults()
	const writers, most = 4, 100_000
	var lines [writers]int
	var running sync.WaitGroup
	for w := range writers {
		f, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			for i := range most {
				if _, err := fmt.Fprintf(f, "<%d %d>\n", w, i); err != nil {
					t.Error(err)
				}
				lines[w] = i + 1
				if _, err := os.Stat(c.rolled(5)); err == nil {
					break
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	text, files := all(t, c)
	if left, err := os.ReadFile(c.waiting()); err == nil {
		text += string(left)
	}
	times := map[string]int{}
	for line := range strings.Lines(text) {
		times[line]++
	}
	for w := range writers {
		for i := range lines[w] {
			if n := times[fmt.Sprintf("<%d %d>\n", w, i)]; n != 1 {
				t.Fatalf("line %d of writer %d is there %d times", i, w, n)
			}
		}
	}
	if files < 5 {
		t.Errorf("only %d files were rolled over", files)
	}
}

func TestALogThatWasMovedAwayIsBegunAnew(t *testing.T) {
	c := Config{Path: filepath.Join(t.TempDir(), "a.log")}
	f, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "one\n")
	if err := os.Rename(c.Path, c.Path+".kept"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	if text, err := os.ReadFile(c.Path); err != nil || string(text) != "two\n" {
		t.Errorf("%q, %v", text, err)
	}
}
