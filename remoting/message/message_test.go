package message

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func sample() Message {
	return Message{
		Topic: "TopicTest", QueueID: 3, Flag: 7, SysFlag: FlagTransactionCommit, ReconsumeTimes: 2,
		QueueOffset: 41, PhysicalOffset: 1 << 33, BornTimestamp: 1700000000001, StoreTimestamp: 1700000000002,
		PreparedTransactionOffset: 99,
		BornHost:                  netip.MustParseAddrPort("10.1.2.3:50123"),
		StoreHost:                 netip.MustParseAddrPort("127.0.0.1:10911"),
		Body:                      []byte("hello"),
		Properties:                Properties("TAGS\x01TagA\x02KEYS\x01k1 k2"),
	}
}

// TestRecordBytes holds the layout of the Java broker's record, field by field.
func TestRecordBytes(t *testing.T) {
	m := sample()
	got, err := AppendRecord([]byte{0xEE}, &m)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"ee",
		"0000007d", "daa320a7", "3610a686", "00000003", "00000007",
		"0000000000000029", "0000000200000000", "00000008",
		"0000018bcfe56801", "0a010203" + "0000c3cb", "0000018bcfe56802", "7f000001" + "00002a9f",
		"00000002", "0000000000000063",
		"00000005", hex.EncodeToString([]byte("hello")),
		"09", hex.EncodeToString([]byte("TopicTest")),
		"0014", hex.EncodeToString(m.Properties),
	}, "")
	if hex.EncodeToString(got) != want {
		t.Fatalf("record\n%x\nwant\n%s", got, want)
	}
	if RecordSize(&m) != len(got)-1 {
		t.Fatalf("RecordSize %d, record has %d", RecordSize(&m), len(got)-1)
	}
}

func TestDecodeReturnsWhatWasEncoded(t *testing.T) {
	for name, host := range map[string]netip.AddrPort{
		"IPv4": netip.MustParseAddrPort("10.1.2.3:50123"),
		"IPv6": netip.MustParseAddrPort("[2001:db8::7]:50123"),
	} {
		t.Run(name, func(t *testing.T) {
			m := sample()
			m.BornHost = host
			raw, err := AppendRecord(nil, &m)
			if err != nil {
				t.Fatal(err)
			}
			got, n, err := Decode(append(raw, "what follows"...))
			if err != nil || n != len(raw) {
				t.Fatalf("Decode: n %d of %d, err %v", n, len(raw), err)
			}
			if err := got.CheckBody(); err != nil {
				t.Fatal(err)
			}
			m.BodyCRC = BodyChecksum(m.Body)
			m.SysFlag = sysFlagWithHosts(&m)
			if !reflect.DeepEqual(got, m) {
				t.Fatalf("decoded %+v\nwant %+v", got, m)
			}
		})
	}
}

func TestHostBitsFollowTheHosts(t *testing.T) {
	for _, row := range []struct {
		born, store string
		want        int32
	}{
		{"1.2.3.4:1", "5.6.7.8:2", 0},
		{"[::1]:1", "5.6.7.8:2", FlagBornHostV6},
		{"1.2.3.4:1", "[::1]:2", FlagStoreHostV6},
		{"[::ffff:1.2.3.4]:1", "5.6.7.8:2", 0},
	} {
		m := Message{Topic: "T", SysFlag: FlagBornHostV6 | FlagStoreHostV6,
			BornHost: netip.MustParseAddrPort(row.born), StoreHost: netip.MustParseAddrPort(row.store)}
		raw, err := AppendRecord(nil, &m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRecord(raw)
		if err != nil {
			t.Fatal(err)
		}
		if r.SysFlag() != row.want {
			t.Errorf("born %s store %s: sysFlag %#x, want %#x", row.born, row.store, r.SysFlag(), row.want)
		}
		if r.BornHost().Addr() != m.BornHost.Addr().Unmap() || r.StoreHost() != m.StoreHost {
			t.Errorf("hosts %s %s, want %s %s", r.BornHost(), r.StoreHost(), row.born, row.store)
		}
	}
}

func TestTooLongFieldsAreRefused(t *testing.T) {
	for _, row := range []struct {
		m    Message
		want error
	}{
		{Message{Topic: strings.Repeat("t", 127)}, nil},
		{Message{Topic: strings.Repeat("t", 128)}, ErrTopicTooLong},
		{Message{Properties: make(Properties, 32767)}, nil},
		{Message{Properties: make(Properties, 32768)}, ErrPropertiesTooLong},
	} {
		got, err := AppendRecord([]byte("kept"), &row.m)
		if !errors.Is(err, row.want) {
			t.Errorf("topic %d properties %d bytes: error %v, want %v", len(row.m.Topic), len(row.m.Properties), err, row.want)
		}
		if err != nil && string(got) != "kept" {
			t.Errorf("a refused message left bytes behind: %q", got)
		}
	}
}

func TestEveryCutOfARecordIsTruncated(t *testing.T) {
	m := sample()
	raw, _ := AppendRecord(nil, &m)
	for n := range raw {
		if _, err := ParseRecord(raw[:n]); !errors.Is(err, ErrTruncated) {
			t.Fatalf("first %d bytes: %v, want ErrTruncated", n, err)
		}
	}
}

func TestContradictingLengthsAreMalformed(t *testing.T) {
	m := sample()
	raw, _ := AppendRecord(nil, &m)
	for _, at := range []int{3, 84, 87, 93, 93 + 10} {
		for _, to := range []byte{raw[at] - 1, raw[at] + 1, 0x80} {
			bad := append(bytes.Clone(raw), make([]byte, 300)...)
			bad[at] = to
			if _, err := ParseRecord(bad); !errors.Is(err, ErrMalformed) {
				t.Errorf("byte %d set to %#x: %v, want ErrMalformed", at, to, err)
			}
		}
	}
	bad := bytes.Clone(raw)
	bad[posMagic] = 0
	if _, err := ParseRecord(bad); !errors.Is(err, ErrMagic) {
		t.Errorf("wrong magic: %v", err)
	}
}

func TestAFlippedBodyBitIsFound(t *testing.T) {
	m := sample()
	raw, _ := AppendRecord(nil, &m)
	raw[89] ^= 4
	r, err := ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckBody(); !errors.Is(err, ErrBodyCRC) {
		t.Fatalf("CheckBody: %v, want ErrBodyCRC", err)
	}
}

func TestPatchesChangeTheirFieldOnly(t *testing.T) {
	m := sample()
	m.BornHost = netip.MustParseAddrPort("[2001:db8::7]:50123")
	raw, _ := AppendRecord(nil, &m)
	r, err := ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	r.SetQueueOffset(11)
	r.SetPhysicalOffset(22)
	r.SetStoreTimestamp(33)
	m.QueueOffset, m.PhysicalOffset, m.StoreTimestamp = 11, 22, 33
	want, _ := AppendRecord(nil, &m)
	if !bytes.Equal(raw, want) {
		t.Fatalf("patched\n%x\nwant\n%x", raw, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, host := range []string{"10.0.0.1:1", "[2001:db8::7]:2"} {
		m := sample()
		m.StoreHost = netip.MustParseAddrPort(host)
		raw, _ := AppendRecord(nil, &m)
		f.Add(raw)
		f.Add(append(raw, raw...))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, n, err := Decode(b)
		if err != nil {
			return
		}
		if n < fixedBytes || n > len(b) {
			t.Fatalf("size %d of %d bytes", n, len(b))
		}
		if m.BornHost.Addr().Is4In6() || m.StoreHost.Addr().Is4In6() || m.CheckBody() != nil {
			return
		}
		again, err := AppendRecord(nil, &m)
		if err != nil {
			t.Fatalf("a decoded record does not encode: %v", err)
		}
		second, _, err := Decode(again)
		if err != nil || second.QueueOffset != m.QueueOffset || !bytes.Equal(second.Body, m.Body) ||
			second.Topic != m.Topic || !bytes.Equal(second.Properties, m.Properties) {
			t.Fatalf("second decode: %v\n%+v\n%+v", err, second, m)
		}
	})
}
