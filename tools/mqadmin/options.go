package mqadmin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gantry/tools/admin"
)

func (c *call) has(option string) bool { return c.options.IsSet(option) }

// value is an option's, without blanks around it; "" where it is not given.
func (c *call) value(option string) string { return strings.TrimSpace(c.options.String(option)) }

// number reads an option, where it is given.
func number[T int32 | int64](c *call, option string, into *T, errs *error) {
	if !c.has(option) || *errs != nil {
		return
	}
	n, err := strconv.ParseInt(c.value(option), 10, 64)
	if err != nil || int64(T(n)) != n {
		*errs = fmt.Errorf("option -%s: %q is no whole number", option, c.value(option))
		return
	}
	*into = T(n)
}

// truth reads an option, where it is given, as Java does: what is not true is false.
func truth(c *call, option string, into *bool) {
	if c.has(option) {
		*into = strings.EqualFold(c.value(option), "true")
	}
}

// moment reads a time in ms.
func (c *call) moment(option string) (int64, error) {
	text := c.value(option)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, nil
	}
	// Go reads fractions behind a point only.
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		if t, err := time.ParseInLocation("2006-01-02#15:04:05.000", text[:i]+"."+text[i+1:], time.Local); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("option -%s: %q is neither milliseconds since 1970 nor yyyy-MM-dd#HH:mm:ss:SSS", option, text)
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// complain says on stderr what went wrong with one of several.
func (c *call) complain(err error) {
	fmt.Fprintf(c.complaints, "mqadmin %s: %v\n", c.command.name, err)
}

// human is a time in ms as the tool prints it.
func human(ms int64) string {
	return strings.Replace(time.UnixMilli(ms).Local().Format("2006-01-02 15:04:05.000"), ".", ",", 1)
}

// front cuts a text to fit a column.
func front(text string, size int) string {
	if runes := []rune(text); len(runes) > size {
		return string(runes[:size])
	}
	return text
}

// targets are the broker that -b names, or the masters of the cluster of -c.
func (c *call) targets() ([]admin.Broker, error) {
	if c.has("b") {
		return []admin.Broker{{Addr: c.value("b")}}, nil
	}
	return c.Masters(c.ctx, c.value("c"))
}
