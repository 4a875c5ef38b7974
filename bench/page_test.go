package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

// readPage reads a page, which must be well-formed: how often each element stands in it, and its text, a line for each piece.
// attribute is told of every attribute.
func readPage(t *testing.T, page io.Reader, attribute func(element string, a xml.Attr)) (elements map[string]int, text string) {
	t.Helper()
	elements = map[string]int{}
	for d := xml.NewDecoder(page); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements, text
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements[e.Name.Local]++
			for _, a := range e.Attr {
				attribute(e.Name.Local, a)
			}
		case xml.CharData:
			text += string(e) + "\n"
		}
	}
}
