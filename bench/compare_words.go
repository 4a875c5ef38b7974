package bench

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// errQuote says that a command's quote does not end.
var errQuote = errors.New("a quote does not end")

// splitWords splits a command at blanks outside of quotes.
func splitWords(text string) (words []string, err error) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("command %q: %w", text, errQuote)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// parseStart reads NAME=HOST:PORT=COMMAND.
func parseStart(text string) (System, error) {
	parts := strings.SplitN(text, "=", 3)
	if len(parts) != 3 {
		return System{}, fmt.Errorf("system %q is not NAME=HOST:PORT=COMMAND", text)
	}
	argv, err := splitWords(parts[2])
	if err == nil && len(argv) == 0 {
		err = fmt.Errorf("system %q has no command", text)
	}
	if err != nil {
		return System{}, err
	}
	return checkedSystem(System{Name: parts[0], Addr: parts[1], Start: argv})
}

// parseRunning reads NAME=HOST:PORT or NAME=HOST:PORT=PID.
func parseRunning(text string) (System, error) {
	parts := strings.SplitN(text, "=", 3)
	if len(parts) < 2 {
		return System{}, fmt.Errorf("system %q is not NAME=HOST:PORT[=PID]", text)
	}
	s := System{Name: parts[0], Addr: parts[1]}
	if len(parts) == 3 {
		pid, err := strconv.Atoi(parts[2])
		if err != nil {
			return System{}, fmt.Errorf("system %q: process id: %w", text, err)
		}
		s.PID = pid
	}
	return checkedSystem(s)
}

func checkedSystem(s System) (System, error) {
	if s.Addr == toldAddr && len(s.Start) > 0 {
		return s, nil
	}
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		return s, fmt.Errorf("system %s: %w", s.Name, err)
	}
	return s, nil
}
