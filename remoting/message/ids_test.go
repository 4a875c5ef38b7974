package message

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// TestJavaHash has its expectations from a Java runtime's String.hashCode.
func TestJavaHash(t *testing.T) {
	for _, row := range []struct {
		text string
		want int32
	}{
		{"", 0},
		{"TagA", 2598919},
		{"标签", 857175},
		{"é", 233},
		{"😀 tag", 927985501},
		{"polygenelubricants", -2147483648},
		{"Aa", 2112},
		{"BB", 2112},
	} {
		if got := JavaHash(row.text); got != row.want {
			t.Errorf("%q: %d, want %d", row.text, got, row.want)
		}
		if got := TagsCode([]byte(row.text)); got != int64(row.want) {
			t.Errorf("TagsCode %q: %d, want %d", row.text, got, row.want)
		}
	}
}

func TestOffsetID(t *testing.T) {
	for _, row := range []struct {
		host   string
		offset int64
		want   string
	}{
		{"127.0.0.1:10911", 0, "7F00000100002A9F0000000000000000"},
		{"10.200.3.4:65535", 0x1FFFFFFFF, "0AC803040000FFFF00000001FFFFFFFF"},
		{"[2001:db8::7]:10911", 255, "20010DB800000000000000000000000700002A9F00000000000000FF"},
	} {
		host := netip.MustParseAddrPort(row.host)
		if got := OffsetID(host, row.offset); got != row.want {
			t.Errorf("%s %d: %s, want %s", row.host, row.offset, got, row.want)
		}
		for _, id := range []string{row.want, strings.ToLower(row.want)} {
			gotHost, gotOffset, err := ParseOffsetID(id)
			if err != nil || gotHost != host || gotOffset != row.offset {
				t.Errorf("parse %s: %s %d %v", id, gotHost, gotOffset, err)
			}
		}
	}
	for _, bad := range []string{"", "0", strings.Repeat("0", 31), strings.Repeat("G", 32), "7F000001000120000000000000000000"} {
		if _, _, err := ParseOffsetID(bad); !errors.Is(err, ErrOffsetID) {
			t.Errorf("parse %q: %v, want ErrOffsetID", bad, err)
		}
	}
}

func FuzzParseOffsetID(f *testing.F) {
	f.Add("7F00000100002A9F0000000000000000")
	f.Add("20010DB800000000000000000000000700002A9F00000000000000FF")
	f.Fuzz(func(t *testing.T, id string) {
		host, offset, err := ParseOffsetID(id)
		if err != nil || host.Addr().Is4In6() {
			return
		}
		if again := OffsetID(host, offset); again != strings.ToUpper(id) {
			t.Fatalf("%q gives %q", id, again)
		}
	})
}
