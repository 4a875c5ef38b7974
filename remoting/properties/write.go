package properties

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Append writes entries as key=value lines that Parse and Java read back. What
// is not ASCII becomes \uXXXX: Java's tools take the text for ISO 8859-1.
func Append(dst []byte, entries []Entry) []byte {
	for _, e := range entries {
		dst = appendEscaped(dst, e.Key, true)
		dst = append(dst, '=')
		dst = appendEscaped(dst, e.Value, false)
		dst = append(dst, '\n')
	}
	return dst
}

// appendEscaped writes a key or a value. A value needs fewer backslashes: paths
// and addresses stay as an operator types them.
func appendEscaped(dst []byte, s string, key bool) []byte {
	for i, r := range s {
		switch {
		case r == '\\':
			dst = append(dst, `\\`...)
		case strings.ContainsRune("\t\n\r\f", r):
			dst = append(dst, '\\', "tnrf"[strings.IndexRune("\t\n\r\f", r)])
		case r == ' ' && (key || i == 0), key && strings.ContainsRune("=:#!", r):
			dst = append(dst, '\\', byte(r))
		case r < ' ' || r > '~':
			dst = appendUnicode(dst, r)
		default:
			dst = append(dst, byte(r))
		}
	}
	return dst
}

func appendUnicode(dst []byte, r rune) []byte {
	for _, unit := range utf16.Encode([]rune{r}) {
		dst = fmt.Appendf(dst, `\u%04X`, unit)
	}
	return dst
}
