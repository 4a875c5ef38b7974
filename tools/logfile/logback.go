package logfile

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config says where a log is and what is kept of it. Zero values mean the
// defaults named.
type Config struct {
	Path     string        // of the log
	Rolled   string        // of what was rolled over, with %i for its number; default beside Path
	Kept     int           // files that were rolled over, 10
	MaxBytes int64         // of the log before it is rolled over, 100 MiB
	MaxAge   time.Duration // before the log is rolled over whatever its size, 7 days
	KeptAge  time.Duration // of what was rolled over before it goes, 30 days
	Level    slog.Level
}

func (c Config) withDefaults() Config {
	if c.Rolled == "" {
		c.Rolled = c.Path + ".%i.gz"
	}
	if c.Kept == 0 {
		c.Kept = 10
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 100 << 20
	}
	if c.MaxAge == 0 {
		c.MaxAge = 7 * 24 * time.Hour
	}
	if c.KeptAge == 0 {
		c.KeptAge = 30 * 24 * time.Hour
	}
	return c
}

// logback is what is read of a logback_*.xml.
type logback struct {
	Properties []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"property"`
	Appenders []struct {
		File    string `xml:"file"`
		Rolling struct {
			Pattern    string `xml:"fileNamePattern"`
			MaxIndex   string `xml:"maxIndex"`
			MaxHistory string `xml:"maxHistory"`
			MaxBytes   string `xml:"maxFileSize"`
		} `xml:"rollingPolicy"`
		Triggering struct {
			MaxBytes string `xml:"maxFileSize"`
		} `xml:"triggeringPolicy"`
	} `xml:"appender"`
	Root struct {
		Attr  string `xml:"level,attr"`
		Level struct {
			Value string `xml:"value,attr"`
		} `xml:"level"`
	} `xml:"root"`
}

// Parse reads of a logback configuration the appender whose file is called name,
// "broker.log", and the root's level. lookup gives the variables of paths that
// the text does not define; one that neither knows is empty, as RocketMQ's own
// ${brokerLogDir} mostly is. The error names what cannot be used.
func Parse(text []byte, name string, lookup func(string) (string, bool)) (Config, error) {
	var x logback
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = true
	if err := d.Decode(&x); err != nil {
		return Config{}, err
	}
	expand := x.expander(lookup)
	for _, a := range x.Appenders {
		path := filepath.Clean(expand(a.File))
		if filepath.Base(path) != name {
			continue
		}
		c := Config{Path: path, Level: x.level()}
		var err error
		if pattern := expand(a.Rolling.Pattern); strings.Contains(pattern, "%i") && !strings.Contains(pattern, "%d") {
			c.Rolled = filepath.Clean(pattern)
		}
		if c.Kept, err = number(a.Rolling.MaxIndex); err != nil {
			return c, fmt.Errorf("maxIndex: %w", err)
		}
		days, err := number(a.Rolling.MaxHistory)
		if err != nil {
			return c, fmt.Errorf("maxHistory: %w", err)
		}
		c.KeptAge = time.Duration(days) * 24 * time.Hour
		if c.MaxBytes, err = size(a.Triggering.MaxBytes + a.Rolling.MaxBytes); err != nil {
			return c, fmt.Errorf("maxFileSize: %w", err)
		}
		return c, nil
	}
	return Config{}, fmt.Errorf("no appender's file is called %s", name)
}

func (x *logback) expander(lookup func(string) (string, bool)) func(string) string {
	own := map[string]string{}
	var expand func(string) string
	expand = func(text string) string {
		var b strings.Builder
		for {
			before, rest, found := strings.Cut(text, "${")
			b.WriteString(before)
			name, after, closed := strings.Cut(rest, "}")
			if !found || !closed {
				return b.String()
			}
			name, standard, _ := strings.Cut(name, ":-")
			if value, known := own[name]; known {
				standard = value
			} else if value, known := lookup(name); known {
				standard = value
			}
			b.WriteString(standard)
			text = after
		}
	}
	for _, p := range x.Properties {
		own[p.Name] = expand(p.Value)
	}
	return func(text string) string { return expand(strings.TrimSpace(text)) }
}

// levels are logback's names.
var levels = map[string]slog.Level{"ALL": slog.LevelDebug, "TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug,
	"INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError, "OFF": slog.LevelError + 4}

func (x *logback) level() slog.Level {
	name := x.Root.Level.Value + x.Root.Attr
	return levels[strings.ToUpper(strings.TrimSpace(name))] // INFO where it is none of them
}

// number reads a count; empty is 0.
func number(text string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("%q is no number from 1 to 10000", text)
	}
	return n, nil
}

// size reads 100MB, 64KB, 1GB or a number of bytes; empty is 0.
func size(text string) (int64, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "" {
		return 0, nil
	}
	digits := strings.TrimRight(text, " KMGB")
	unit, known := map[string]int64{"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}[strings.TrimSpace(text[len(digits):])]
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || !known || n < 1 {
		return 0, fmt.Errorf("%q is no size such as 100MB", text)
	}
	return n * unit, nil
}
