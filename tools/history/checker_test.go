package history

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// sound is a history in which all is well: two groups, a topic that is consumed
// in order and one that is not, a fault in the middle with a send of unknown
// outcome, its second copy, a repeated delivery and an exchange of queues.
const sound = `
0 topic orders 0
0 topic news 4
0 subscribed g1 orders
0 subscribed g1 news
0 subscribed g2 news
1 hold g1 m1 orders a 0
1 hold g1 m1 news a 0
1 hold g2 n1 news a 0
10 invoke p 0 orders k1 100
11 ok p 0 orders a 0 0 ID0
11 deliver g1 m1 orders a 0 0 0 ID0 p 0 k1 100
12 invoke p 1 orders k1 101
13 ok p 1 orders a 0 1 ID1
13 deliver g1 m1 orders a 0 1 0 ID1 p 1 k1 101
14 invoke q 0 news "" 200
15 ok q 0 news a 0 0 ID2
16 invoke q 1 news "" 201
17 ok q 1 news a 0 1 ID3
18 deliver g1 m1 news a 0 1 0 ID3 q 1 "" 201
18 deliver g1 m1 news a 0 0 0 ID2 q 0 "" 200
18 deliver g2 n1 news a 0 0 0 ID2 q 0 "" 200
19 deliver g2 n1 news a 0 1 0 ID3 q 1 "" 201
20 disturbed 3 "a proxy is killed"
21 invoke q 2 news "" 202
22 hold g1 m2 news a 0
22 deliver g1 m2 news a 0 1 0 ID3 q 1 "" 201
23 drop g1 m1 news a 0
24 unknown q 2 "no answer from 127.0.0.1"
24 invoke p 2 orders k1 102
25 unknown p 2 timeout
25 invoke p 3 orders k1 103
26 ok p 3 orders a 0 2 ID5
26 deliver g1 m1 orders a 0 2 0 ID5 p 3 k1 103
27 deliver g1 m1 orders a 0 3 0 ID4 p 2 k1 102
28 deliver g1 m2 news a 0 2 0 ID6 q 2 "" 202
28 deliver g1 m2 news b 0 0 0 ID6 q 2 "" 202
29 deliver g2 n1 news a 0 2 0 ID6 q 2 "" 202
30 calm "the proxy is back"
31 invoke q 3 news "" 203
32 ok q 3 news b 0 1 ID7
33 deliver g1 m2 news b 0 1 0 ID7 q 3 "" 203
33 deliver g2 n1 news b 0 1 0 ID7 q 3 "" 203
34 invoke q 4 news "" 204
35 fail q 4 "topic not writable"
36 hold g1 m2 news b 0
`

func judge(t *testing.T, text string) Report {
	t.Helper()
	r, err := Check(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASoundHistoryHasNothingWrongAndIsCounted(t *testing.T) {
	r := judge(t, sound)
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if r.Sends != 9 || r.Acknowledged != 6 || r.Deliveries != 14 {
		t.Errorf("%d sends, %d acknowledged, %d deliveries", r.Sends, r.Acknowledged, r.Deliveries)
	}
	if len(r.Windows) != 3 {
		t.Fatalf("%d windows", len(r.Windows))
	}
	fault := r.Windows[1]
	if fault.Why != "a proxy is killed" || fault.Redelivered != 1 || fault.StoredTwice != 1 || fault.Retried != 0 ||
		fault.Unacknowledged != 2 || fault.SilenceMillis != 15 || fault.PauseMillis != 10 {
		t.Errorf("the fault is reported as %+v", fault)
	}
	if after := r.Windows[2]; after.Unacknowledged != 1 || after.Duplicates() != 0 {
		t.Errorf("what came after it is reported as %+v", after)
	}
}

// What was acknowledged in a calm and is gone was lost by what ended it.
func TestALossIsTheDisturbancesThatCameOfIt(t *testing.T) {
	for line, window := range map[string]int{"13 deliver": 1, "26 deliver": 1, "33 deliver g2": 2} {
		lines := slices.DeleteFunc(strings.Split(sound, "\n"), func(l string) bool { return strings.HasPrefix(l, line) })
		for i, w := range judge(t, strings.Join(lines, "\n")).Windows {
			if want := map[bool]int{true: 1}[i == window]; w.Lost != want {
				t.Errorf("without %q %d are lost by %q, want %d", line, w.Lost, w.Why, want)
			}
		}
	}
}

// forged are histories made wrong in one way each: a line of the sound one
// replaced by others, or lines put behind it.
var forged = []struct {
	name     string
	line, by string // every line that begins so; "" is the end
	violates Invariant
	words    string
}{
	{"an acknowledged message that one of two groups never got", "19 deliver g2", "", NoneLost, "g2 never got q/1 "},
	{"an acknowledged message that nobody got", "26 deliver", "", NoneLost, "g1 never got p/3 (topic orders, key k1, ok at a/0@2, id ID5)"},
	{"a message that only the other group got", "33 deliver g1", "", NoneLost, "q/3"},

	{"a message that nobody sent", "", "40 deliver g1 m2 news b 0 2 0 ID9 x 0 k 1", NoPhantom, "x/0 at b/0@2 of topic news, id ID9, which nobody sent"},
	{"a message of a number that its sender has not reached", "", "40 deliver g1 m2 news b 0 2 0 ID9 q 5 k 1", NoPhantom, "q/5"},
	{"a message before its send began", "", "40 deliver g1 m2 news b 0 2 0 ID9 q 5 k 9\n41 invoke q 5 news k 9", NoPhantom, "q/5"},
	{"a changed body", "33 deliver g2", `33 deliver g2 n1 news b 0 1 0 ID7 q 3 "" 999`, NoPhantom, "checksum 999, sent was q/3"},
	{"a changed key", "33 deliver g2", `33 deliver g2 n1 news b 0 1 0 ID7 q 3 other 203`, NoPhantom, "key other"},
	{"a message of another topic", "33 deliver g2", `33 deliver g2 n1 orders b 0 1 0 ID7 q 3 "" 203`, NoPhantom, "g2"},
	{"a refused message", "", `40 deliver g1 m2 news b 0 2 0 ID8 q 4 "" 204`, NoPhantom, "q/4 (topic news, key , fail at b/0@2, id ID8), which was refused"},
	{"a topic that the group is not subscribed to", "", `40 deliver g2 n1 orders a 0 1 0 ID1 p 1 k1 101`, NoPhantom, "is not subscribed"},

	{"a queue in order that steps back", "13 deliver", "27 deliver g1 m1 orders a 0 1 0 ID1 p 1 k1 101", InOrder, "p/1"},
	{"a message that comes later than its neighbours can explain", "18 deliver g1 m1 news a 0 0",
		"31 invoke p 4 news k 1\n31 ok p 4 news a 0 5 ID20\n32 deliver g1 m2 news a 0 5 0 ID20 p 4 k 1\n32 deliver g2 n1 news a 0 5 0 ID20 p 4 k 1\n" +
			"33 deliver g1 m2 news a 0 0 0 ID2 q 0 \"\" 200", InOrder, "q/0"},
	{"a key that steps back where its queue does not", "", `37 invoke p 4 orders k1 1
37 invoke p 5 orders k1 2
38 ok p 5 orders a 0 4 ID21
38 ok p 4 orders a 0 5 ID20
39 deliver g1 m1 orders a 0 4 0 ID21 p 5 k1 2
39 deliver g1 m1 orders a 0 5 0 ID20 p 4 k1 1`, InOrder, "p/4"},

	{"a place with two messages", "29 deliver", `29 deliver g2 n1 news a 0 1 0 ID6 q 2 "" 202`, PlaceStable, "a/0@1 of topic news held q/1"},
	{"a place that was acknowledged twice", "32 ok", "32 ok q 3 news a 0 1 ID7", PlaceStable, "later q/3"},
	{"a message whose id changes", "33 deliver g2", `33 deliver g2 n1 news b 0 1 0 ID77 q 3 "" 203`, PlaceStable, "ID77"},

	{"a place delivered again without a disturbance", "", `40 deliver g1 m2 news b 0 1 0 ID7 q 3 "" 203`, DuplicatesBounded, "q/3"},
	{"a retry without a disturbance", "", `40 deliver g1 m2 news b 0 9 1 ID7 q 3 "" 203`, DuplicatesBounded, "q/3"},
	{"a message stored twice without a disturbance", "", `40 deliver g1 m2 news b 1 0 0 ID7 q 3 "" 203`, DuplicatesBounded, "b/1@0"},
	{"more duplicates than the disturbance explains", "20 disturbed", `20 disturbed 1 "a proxy is killed"`, DuplicatesBounded, `2 duplicates of "a proxy is killed", which has a right to 1`},

	{"two holders of one queue", "", "40 hold g1 m1 news b 0", OneMember, "m1 and m2 of group g1"},
	{"two holders when a disturbance is said to be over", "23 drop", "", OneMember, "m1 and m2"},
	{"deliveries of one queue to two members", "33 deliver g1", "33 deliver g1 m2 news b 0 1 0 ID7 q 3 \"\" 203\n" +
		"34 invoke p 4 news k 1\n35 deliver g1 m1 news b 0 2 0 ID30 p 4 k 1\n35 deliver g2 n1 news b 0 2 0 ID30 p 4 k 1", OneMember, "delivered to m2 and then offset 2 to m1"},
}

func TestEveryKindOfForgeryIsFoundAndNamed(t *testing.T) {
	for _, f := range forged {
		t.Run(f.name, func(t *testing.T) {
			err := judge(t, forge(t, f.line, f.by)).Err()
			if !errors.Is(err, ErrViolated) || !strings.Contains(err.Error(), f.words) || !strings.Contains(err.Error(), string(f.violates)) {
				t.Errorf("the report is %v, want %s with %q", err, f.violates, f.words)
			}
		})
	}
}

// forge replaces the one line of sound that begins with prefix; what stands in
// for it takes its place by time.
func forge(t *testing.T, prefix, by string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(sound), "\n")
	if prefix != "" {
		before := len(lines)
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix+" ") })
		if len(lines) != before-1 {
			t.Fatalf("%d lines begin with %q", before-len(lines), prefix)
		}
	}
	for line := range strings.Lines(by) {
		lines = place(t, lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

func place(t *testing.T, lines []string, line string) []string {
	t.Helper()
	at := func(line string) int64 {
		e, err := ParseEvent(line)
		if err != nil {
			t.Fatal(err)
		}
		return e.AtMillis
	}
	i := slices.IndexFunc(lines, func(l string) bool { return at(l) > at(line) })
	if i < 0 {
		i = len(lines)
	}
	return slices.Insert(lines, i, line)
}

func TestEachForgeryViolatesOneInvariantOnly(t *testing.T) {
	// Some wrongs cannot be alone: a message that came as another is missing as itself.
	with := map[string][]Invariant{
		"a changed body":             {NoneLost},
		"a changed key":              {NoneLost},
		"a message of another topic": {NoneLost},
	}
	for _, f := range forged {
		want := append([]Invariant{f.violates}, with[f.name]...)
		slices.Sort(want)
		if got := judge(t, forge(t, f.line, f.by)).Violated(); !slices.Equal(got, want) {
			t.Errorf("%s: violated are %v, want %v", f.name, got, want)
		}
	}
}

func TestAKeyThatMovesToAnotherQueueMayComeFromThereFirst(t *testing.T) {
	err := judge(t, forge(t, "", `37 invoke p 4 orders k1 1
38 ok p 4 orders a 0 4 ID20
39 invoke p 5 orders k1 2
40 ok p 5 orders b 0 0 ID21
41 deliver g1 m1 orders b 0 0 0 ID21 p 5 k1 2
42 deliver g1 m1 orders a 0 4 0 ID20 p 4 k1 1`)).Err()
	if err != nil {
		t.Error(err)
	}
}

func TestAReportPutsFewOfManyViolationsIntoWords(t *testing.T) {
	c := NewChecker()
	take(t, c, "0 topic t 0", "0 subscribed g t")
	for seq := range int64(100_000) {
		add(t, c, Event{AtMillis: seq, Kind: Invoked, Client: "p", Seq: seq, Place: Place{Queue: Queue{Topic: "t"}}})
		add(t, c, Event{AtMillis: seq, Kind: Stored, Client: "p", Seq: seq, MsgID: "id", Place: Place{Queue{"t", "a", 0}, seq}})
	}
	if n := c.Missing(); n != 100_000 {
		t.Errorf("%d deliveries are missing", n)
	}
	err := c.Report().Err()
	if lines := strings.Count(err.Error(), "\n"); lines != 1+mostWords || !strings.Contains(err.Error(), "(100000)") {
		t.Errorf("the report has %d lines: %v", lines, err)
	}
}

func take(t *testing.T, c *Checker, lines ...string) {
	t.Helper()
	if err := Read(strings.NewReader(strings.Join(lines, "\n")), c.Add); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, c *Checker, e Event) {
	t.Helper()
	if err := c.Add(e); err != nil {
		t.Fatal(err)
	}
}

func TestAnEventThatCannotFollowIsMalformed(t *testing.T) {
	for name, line := range map[string]string{
		"a send that skips a number":     "50 invoke p 9 news k 1",
		"a send that was invoked before": "50 invoke p 0 news k 1",
		"an end without a beginning":     "50 ok q 7 news a 0 9 ID",
		"a second end":                   "50 fail q 3 late",
		"a group of an unknown topic":    "50 subscribed g3 nowhere",
		"a topic with a negative bound":  "50 topic t -1",
		"a calm in the past":             "5 calm early",
		"a disturbance in the past":      "5 disturbed 0 early",
	} {
		if _, err := Check(strings.NewReader(sound + line)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
