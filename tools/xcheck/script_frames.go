package xcheck

import "strings"

// frameSteps are bytes on connections of their own, most of them no frames at all.
func frameSteps() []Step {
	header := func(flag, extra string) string {
		return `{"code": 30,"extFields":{"topic":"nobodysTopic","queueId":"0"},"flag":` + flag + `,"language":"JAVA","opaque":5,` + extra + `"version":407}`
	}
	good := header("0", "")
	const nothing = `{"code": 30}`
	var steps []Step
	for _, f := range []struct{ name, bytes string }{
		{"good", frameGood(good)},
		{"oneway-flag", frameGood(header("2", ""))},
		{"answer-nobody-asked-for", frameGood(header("1", ""))},
		{"unknown-flags", frameGood(header("12", ""))},
		{"unknown-header-fields", frameGood(header("0", `"nobodysField":{"a":[1,2,{"b":null}]},`))},
		{"language-of-5.x", frameGood(strings.Replace(good, "JAVA", "NODE_JS", 1))},
		{"language-as-number", frameGood(strings.Replace(good, `"JAVA"`, "9", 1))},
		{"no-language", frameGood(`{"code": 30,"extFields":{"topic":"nobodysTopic","queueId":"0"},"opaque":5}`)},
		{"number-in-ext-fields", frameGood(`{"code": 30,"extFields":{"topic":"nobodysTopic","queueId":0},"opaque":5,"language":"JAVA","version":407}`)},
		{"blanks-in-header", frameGood(" { \"code\" : 30 ,\n \"extFields\" : { \"topic\":\"nobodysTopic\" , \"queueId\" : \"0\" } , \"opaque\":5 } ")},
		{"single-quotes-in-header", frameGood(`{'code': 30,'extFields':{'topic':'nobodysTopic','queueId':'0'},opaque:5}`)},
		{"header-of-bare-object", frameGood("{}")},
		{"code-as-text", frameGood(strings.Replace(good, `"code": 30`, `"code":"30"`, 1))},
		{"code-beyond-16-bits", frameGood(strings.Replace(good, `"code": 30`, `"code":200050`, 1))},
		{"opaque-beyond-32-bits", frameGood(strings.Replace(good, `"opaque":5`, `"opaque":99999999999`, 1))},
		{"not-utf-8", frameGood(strings.Replace(good, "nobodys", "nobodys\xff\xfe", 1))},
		{"truncated-json", frameOf(0, nothing[:7], "")},
		{"garbage-json", frameOf(0, "this is no json", "")},
		{"json-list", frameOf(0, "[1,2]", "")},
		{"empty-header", frameOf(0, "", "")},
		{"empty-header-with-body", frameOf(0, "", "body")},
		{"unknown-header-kind", frameOf(2, good, "")},
		{"header-kind-255", frameOf(255, good, "")},
		{"rocketmq-header-too-short", frameOf(1, "\x00\x1e\x00", "")},
		{"rocketmq-header-ends-in-fields", frameOf(1, "\x00\x1e\x00\x01\x97\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x50\x00\x05topic", "")},
		{"rocketmq-header-negative-length", frameOf(1, "\x00\x1e\x00\x01\x97\x00\x00\x00\x05\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00", "")},
		{"rocketmq-header-huge-length", frameOf(1, "\x00\x1e\x00\x01\x97\x00\x00\x00\x05\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00", "")},
		{"rocketmq-header-no-fields", frameOf(1, "\x1e\x61\x00\x01\x97\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "")},
		{"header-longer-than-frame", lengths(20, 100) + "twenty bytes of text"},
		{"length-zero", lengths(0, 0)},
		{"length-three", lengths(3, 0)},
		{"length-negative", lengths(0xffffffff, 10) + "whatever"},
		{"length-above-16MiB", lengths(16<<20+1, 10) + "whatever"},
		{"length-of-which-less-comes", lengths(100, 11) + nothing},
		{"http", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		{"half-a-length", "\x00\x00"},
	} {
		steps = append(steps,
			Step{Name: "frame/" + f.name, Frame: f.bytes},
			Step{Name: "frame-to-name-server/" + f.name, To: NameServer, Frame: strings.Replace(f.bytes, " 30", "106", 1)})
	}
	return append(steps, Step{Name: "frame/another-connection-lives", Code: getMaxOffset, Fields: queue("${run}_send")})
}

// frameGood is a well-made frame with a JSON header.
func frameGood(header string) string { return frameOf(0, header, "") }
