package properties

import (
	"errors"
	"testing"
)

func TestARefusedValueIsNamedByItsLine(t *testing.T) {
	entries, err := Parse([]byte("a=1\nport=x\nport=70000\n"))
	if err != nil {
		t.Fatal(err)
	}
	var refused *ValueError
	if !errors.As(Refuse("port", 70000, "is above %d", 65535), &refused) {
		t.Fatal("Refuse gives no ValueError")
	}
	for want, entries := range map[string][]Entry{
		`f.properties:3: port: "70000" is above 65535`: entries, // the last one counts
		`port=70000 is above 65535`:                    entries[:1],
	} {
		if got := refused.Place("f.properties", entries).Error(); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}
