package fastjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The left sides were written or accepted by fastjson 1.2.69, which the broker 4.9.7 uses.
func TestDialectBecomesStandardJSON(t *testing.T) {
	for dialect, standard := range map[string]string{
		`{"offsetTable":{"topic@group":{0:12,1:7}}}`:                   `{"offsetTable":{"topic@group":{"0":12,"1":7}}}`,
		"{\n\t\"offsetTable\":{\n\t\t\"t@g\":{0:12,1:7\n\t\t}\n\t}\n}": `{"offsetTable":{"t@g":{"0":12,"1":7}}}`,
		`{{"brokerName":"b","queueId":0,"topic":"t"}:{"maxOffset":1}}`: `{"{\"brokerName\":\"b\",\"queueId\":0,\"topic\":\"t\"}":{"maxOffset":1}}`,
		`{[1,2]:3}`:                      `{"[1,2]":3}`,
		`{true:"y",null:1,-5:"x",1.5:2}`: `{"true":"y","null":1,"-5":"x","1.5":2}`,
		`{'a':'b"c'}`:                    `{"a":"b\"c"}`,
		`{,a:1,}`:                        `{"a":1}`,
		`[1,,2]`:                         `[1,2]`,
		`{"a":"\x41\v\0\'"}`:             `{"a":"\u0041\u000b\u0000'"}`,
		"{\"a\":\"x\ny\"}":               `{"a":"x\u000ay"}`,
		`{"a":01,"b":+1,"c":-0.50E+7}`:   `{"a":1,"b":1,"c":-0.50e7}`,
		`{a :NaN,b:undefined}`:           `{"a":null,"b":null}`,
		`{"a":"T\u00e9\/\\"}`:            `{"a":"T\u00e9/\\"}`,
		` [ ] `:                          `[]`,
	} {
		got, err := AppendStandard(nil, []byte(dialect))
		if err != nil || string(got) != standard {
			t.Errorf("%s\n got %s, %v\nwant %s", dialect, got, err, standard)
		}
	}
}

func TestWhatIsNoJSONIsRefusedWithItsPlace(t *testing.T) {
	for text, offset := range map[string]int{
		``:                         0,
		`{"a":1`:                   6,
		`{"a":1}x`:                 7,
		`{"a" 1}`:                  5,
		`{"a":1 "b":2}`:            7,
		`[1 2]`:                    3,
		`{"a":"b`:                  7,
		`{"a":"\q"}`:               6,
		`{"a":"\u12"}`:             6,
		`{"a":TRUE}`:               5,
		`{"a":.5}`:                 5,
		`{"a":1.}`:                 7,
		`{"a":-}`:                  6,
		`{:1}`:                     1,
		`{"a":}`:                   5,
		strings.Repeat("[", 10000): maxDepth,
	} {
		_, err := AppendStandard(nil, []byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != offset {
			t.Errorf("%.20s: got %v, want a SyntaxError at byte %d", text, err, offset)
		}
	}
}

func TestUnmarshalSkipsUnknownFieldsAndKeepsMissingOnes(t *testing.T) {
	v := struct {
		A, B int
		M    map[int32]int64
	}{B: 5}
	if err := Unmarshal([]byte(`{a:1,"unknown":{x:[1]},M:{0:12}}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.A != 1 || v.B != 5 || v.M[0] != 12 {
		t.Errorf("got %+v", v)
	}
}

func TestAValueThatDoesNotFitNamesItsPlaceInTheSource(t *testing.T) {
	var v struct {
		Table map[int]struct{ Perm int }
	}
	text := "{\n\t\"table\":{0:{\"perm\":6}, 1:{\"perm\":\"six\"}}\n}"
	err := Unmarshal([]byte(text), &v)
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset != strings.Index(text, `"six"`)+len(`"six"`) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(err.Error(), "Perm") {
		t.Errorf("the error %q does not name the field", err)
	}
}

func FuzzAppendStandard(f *testing.F) {
	for _, seed := range []string{
		`{"offsetTable":{"t@g":{0:12,1:7}}}`, `{{"b":"x","q":0}:{a:1}}`, `{{{1:2}:3}:4}`, `{'a':"\x41\u00e9"}`,
		`[,1,,-0.5e7,]`, `{"a":NaN,"b":null}`, `"\`, `{"a":"`, "{\"\x80\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := AppendStandard(nil, text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
				t.Fatalf("%q: error %v", text, err)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q, which is not JSON", text, got)
		}
		again, err := AppendStandard(nil, got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("%q is not its own standard form: %q, %v", got, again, err)
		}
	})
}
