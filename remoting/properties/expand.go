package properties

import (
	"os"
	"strings"
)

// SystemLookup is the usual Options.Lookup: the environment, and of Java's
// properties user.home, user.dir and java.io.tmpdir.
func SystemLookup(name string) (value string, ok bool) {
	var err error
	switch name {
	case "user.home":
		value, err = os.UserHomeDir()
		return value, err == nil
	case "user.dir":
		value, err = os.Getwd()
		return value, err == nil
	case "java.io.tmpdir":
		return os.TempDir(), true
	}
	return os.LookupEnv(name)
}

// expand replaces $NAME and ${NAME}. A $ before anything else stays. unset is
// the first variable without a value, as it was written.
func expand(path string, lookup func(string) (string, bool)) (expanded, unset string) {
	var b strings.Builder
	for {
		at := strings.IndexByte(path, '$')
		if at < 0 {
			return b.String() + path, ""
		}
		b.WriteString(path[:at])
		name, length := variable(path[at:])
		if name == "" {
			b.WriteByte('$')
			path = path[at+1:]
			continue
		}
		value, ok := "", false
		if lookup != nil {
			value, ok = lookup(name)
		}
		if !ok || value == "" {
			return "", path[at : at+length]
		}
		b.WriteString(value)
		path = path[at+length:]
	}
}

// variable reads the name behind the $ at s[0] and the length it takes with
// the $; no name gives "".
func variable(s string) (name string, length int) {
	if strings.HasPrefix(s, "${") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", 0
		}
		return s[2:end], end + 1
	}
	length = 1
	for length < len(s) && isNameByte(s[length]) {
		length++
	}
	return s[1:length], length
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
