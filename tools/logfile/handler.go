package logfile

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// NewHandler makes a slog.Handler whose lines look like RocketMQ's:
// `2026-01-31 09:00:00 INFO main - message key=value`, in local time.
func NewHandler(w io.Writer, level slog.Leveler) slog.Handler {
	l := &line{w: w}
	return handler{l, slog.NewTextHandler(&l.buf, &slog.HandlerOptions{Level: level, ReplaceAttr: onlyAttrs})}
}

// line is the line that is being made.
type line struct {
	mu  sync.Mutex // guards what follows; held while a line is written, so that lines are whole
	buf bytes.Buffer
	w   io.Writer
}

type handler struct {
	line  *line
	attrs slog.Handler // writes key=value to the line's buf
}

const timeFormat = "2006-01-02 15:04:05"

// onlyAttrs leaves out what the handler has written itself.
func onlyAttrs(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.attrs.Enabled(ctx, l) }

func (h handler) WithAttrs(as []slog.Attr) slog.Handler {
	return handler{h.line, h.attrs.WithAttrs(as)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.line, h.attrs.WithGroup(name)} }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	l := h.line
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
	l.buf.WriteString(r.Time.Local().Format(timeFormat) + " " + r.Level.String() + " main - ")
	l.buf.WriteString(r.Message)
	l.buf.WriteByte(' ')
	if err := h.attrs.Handle(ctx, r); err != nil {
		return err
	}
	text := append(bytes.TrimRight(l.buf.Bytes(), " \n"), '\n')
	_, err := l.w.Write(text)
	return err
}
