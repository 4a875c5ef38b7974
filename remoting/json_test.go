package remoting_test

import (
	"errors"
	"strings"
	"testing"

	"gantry/remoting"
)

func TestAHeaderAsJavaWritesIt(t *testing.T) {
	c := decode(t, frameOf(remoting.JSON, java310, "hello"))
	if c.Code != 310 || c.Opaque != 1027 || c.Flag != 0 || c.Version != 409 || c.Language != remoting.JAVA {
		t.Errorf("decoded %+v", c)
	}
	if string(c.Body) != "hello" || c.Remark != "" || c.Kind != remoting.JSON {
		t.Errorf("body %q remark %q kind %d", c.Body, c.Remark, c.Kind)
	}
	if v, _ := c.Ext.Get("i"); string(v) != "UNIQ_KEY\x01C0A80002051B18B4AAC20C8A3A0C0001\x02WAIT\x01true" {
		t.Errorf("properties %q", v)
	}
}

// Each row is a header and the fields and remark it must give.
func TestTheDialectOfClients(t *testing.T) {
	for name, row := range map[string]struct {
		header, remark string
		fields         []string
	}{
		"unknown keys are ignored, however deep":  {`{"x":{"a":[1,{"b":"}]"}]},"code":7,"y":null,"extFields":{"k":"v"},"z":-1.5e3}`, "", []string{"k", "v"}},
		"null remark and fields":                  {`{"code":7,"remark":null,"extFields":null}`, "", nil},
		"a null field is absent":                  {`{"code":7,"extFields":{"a":null,"b":"1"}}`, "", []string{"b", "1"}},
		"an empty value is a value":               {`{"code":7,"extFields":{"a":""}}`, "", []string{"a", ""}},
		"no fields":                               {`{"code":7,"extFields":{}}`, "", nil},
		"a bare number or boolean is its text":    {`{"code":7,"extFields":{"n":-12,"b":true}}`, "", []string{"n", "-12", "b", "true"}},
		"a quoted code":                           {`{"code":"7"}`, "", nil},
		"white space anywhere":                    {" {\t\"code\" :\r\n7 , \"extFields\" : { \"a\" : \"b\" } } ", "", []string{"a", "b"}},
		"every short escape":                      {`{"code":7,"remark":"\"\\\/\b\f\n\r\t\v\'"}`, "\"\\/\b\f\n\r\t\v'", nil},
		"escapes of control bytes":                {`{"code":7,"extFields":{"i":"a\u0001b\u0002"}}`, "", []string{"i", "a\x01b\x02"}},
		"upper and lower hex":                     {`{"code":7,"remark":"\u00E4\u00e4"}`, "ää", nil},
		"a surrogate pair is one character":       {`{"code":7,"remark":"\uD83D\uDE00!"}`, "😀!", nil},
		"a lone surrogate is a replacement":       {`{"code":7,"remark":"\uD83Dx\uDE00"}`, "\uFFFDx\uFFFD", nil},
		"a high surrogate before a plain escape":  {`{"code":7,"remark":"\uD83D\u0041"}`, "\uFFFDA", nil},
		"text beyond ASCII passes":                {`{"code":7,"extFields":{"t":"订单😀"}}`, "", []string{"t", "订单😀"}},
		"escaped keys":                            {`{"c\u006fde":7,"extFields":{"\u0061":"b"}}`, "", []string{"a", "b"}},
		"quotes and braces inside strings":        {`{"code":7,"extFields":{"a":"\"}{","b":"]"}}`, "", []string{"a", `"}{`, "b", "]"}},
		"of two fields of a name both are listed": {`{"code":7,"extFields":{"a":"1","a":"2"}}`, "", []string{"a", "1", "a", "2"}},
		"of two extFields the last counts":        {`{"code":7,"extFields":{"a":"1"},"extFields":{"b":"2"}}`, "", []string{"b", "2"}},
		"a structured field is ignored":           {`{"code":7,"extFields":{"a":{"x":1},"b":[2],"c":"3"}}`, "", []string{"c", "3"}},
	} {
		t.Run(name, func(t *testing.T) {
			frame := frameOf(remoting.JSON, row.header, "")
			c := decode(t, frame)
			if c.Code != 7 || c.Remark != row.remark {
				t.Errorf("code %d remark %q, want 7 and %q", c.Code, c.Remark, row.remark)
			}
			wantFields(t, c, row.fields...)
			if s, err := remoting.Summarize(frame); err != nil || s.Code != 7 {
				t.Errorf("summary %+v, %v", s, err)
			}
		})
	}
}

func TestOfTwoFieldsOfANameTheLastCounts(t *testing.T) {
	c := decode(t, frameOf(remoting.JSON, `{"extFields":{"a":"1","a":"2"}}`, ""))
	if v, ok := c.Ext.Get("a"); !ok || string(v) != "2" {
		t.Errorf("got %q", v)
	}
}

func TestWhatIsNoHeaderIsABadFrame(t *testing.T) {
	for _, header := range []string{
		``, ` `, `x`, `[]`, `null`, `{`, `{"code"`, `{"code":`, `{"code":}`, `{"code":1`, `{"code":1,`, `{"code":1,}`, `{"code":1}x`,
		`{"code":1}{}`, `{"code":1 "flag":2}`, `{"code":x}`, `{"code":1.5}`, `{"code":2147483648}`, `{"opaque":"z"}`, `{"version":[}`,
		`{"remark":"`, `{"remark":"\`, `{"remark":"\q"}`, `{"remark":"\u12"}`, `{"remark":"\u12G4"}`, `{"extFields":{"a":"b"}`,
		`{"extFields":{"a":"b",}}`, `{"extFields":{"a" "b"}}`, `{"extFields":{"a":"\q"}}`, `{"extFields":{a:"b"}}`, `{"x":}}`, `{"x":]}`, `{"x":,}`,
		`{"x":{"y":}`, `{"x":"\q"}`, "{\"code\":\x00}", `{code:1}`, `{"flag":1,"code"}`,
	} {
		frame := frameOf(remoting.JSON, header, "")
		var d remoting.Decoder
		var c remoting.Command
		var bad *remoting.FrameError
		if err := d.Decode(frame, &c); !errors.As(err, &bad) {
			t.Errorf("%q decoded: %v, %+v", header, err, c)
		}
		if _, err := remoting.Summarize(frame); !errors.As(err, &bad) {
			t.Errorf("%q summarized: %v", header, err)
		}
	}
}

func TestALargeHeaderIsNotKeptInMemory(t *testing.T) {
	var d remoting.Decoder
	var c remoting.Command
	large := `{"code":1,"extFields":{"a":"\u0001` + strings.Repeat("x", 1<<20) + `"}}`
	if err := d.Decode(frameOf(remoting.JSON, large, ""), &c); err != nil {
		t.Fatal(err)
	}
	small := frameOf(remoting.JSON, `{"code":2,"extFields":{"a":"\u0001"}}`, "")
	if err := d.Decode(small, &c); err != nil {
		t.Fatal(err)
	}
	if v, _ := c.Ext.Get("a"); cap(v) > 1<<10 {
		t.Errorf("a small command borrows %d bytes", cap(v))
	}
}

func TestWhatGantryWritesInJSON(t *testing.T) {
	got := remoting.AppendResponse(nil, remoting.JSON, -5, &remoting.Response{
		Code: 17, Remark: "No topic: \"T\"\n", Header: pairs{"a", "\x01", "b", ""}, Body: []byte("B"),
	})
	want := frameOf(remoting.JSON, `{"code":17,"extFields":{"a":"\u0001","b":""},"flag":1,"language":"GO","opaque":-5,`+
		`"remark":"No topic: \"T\"\u000a","serializeTypeCurrentRPC":"JSON","version":407}`, "B")
	if string(got) != string(want) {
		t.Errorf("wrote %q\nwant  %q", got, want)
	}
	plain := remoting.AppendRequest(nil, 1, &remoting.Request{Code: 34, Oneway: true})
	if want := frameOf(remoting.JSON, `{"code":34,"flag":2,"language":"GO","opaque":1,"serializeTypeCurrentRPC":"JSON","version":407}`, ""); string(plain) != string(want) {
		t.Errorf("wrote %q\nwant  %q", plain, want)
	}
}
