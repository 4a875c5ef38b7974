package xcheck

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestEveryStepHasANameOfItsOwnAndAsksOneThing(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Script() {
		if !strings.Contains(s.Name, "/") || seen[s.Name] {
			t.Errorf("step %q has no area in its name or comes twice", s.Name)
		}
		seen[s.Name] = true
		asks := 0
		for _, said := range []bool{s.Code != 0, s.Frame != "", s.Await != "", s.Notes != 0} {
			if said {
				asks++
			}
		}
		if asks != 1 {
			t.Errorf("step %s asks %d things", s.Name, asks)
		}
	}
	if len(seen) < 80 {
		t.Errorf("the script has %d steps, issue 3 wants 80", len(seen))
	}
}

func TestStepsSpeakOnlyOfWhatEarlierStepsKept(t *testing.T) {
	n := newNames()
	maps.Copy(n.values, map[string]string{"brokerName": "", "cluster": "", "bodyCrc32": ""})
	started := map[string]bool{}
	for _, s := range Script() {
		texts := []string{s.Body, s.Frame, s.Until.Value}
		for _, f := range s.Fields {
			texts = append(texts, f.Value)
		}
		for _, text := range texts {
			for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
				if _, ok := n.values[found[1]]; !ok {
					t.Errorf("step %s speaks of %s, which nothing kept before", s.Name, found[0])
				}
			}
		}
		if s.Await != "" && !started[s.Await] {
			t.Errorf("step %s awaits %s, which was not started", s.Name, s.Await)
		}
		started[s.Name] = s.Start
		for name := range s.Keep {
			n.values[name] = ""
		}
	}
}

func TestNamedStepsNameTheBrokerInEveryRequestToIt(t *testing.T) {
	given := []Step{
		{Code: 11, Fields: fields("topic", "T")}, {Code: sendMessageV2, Fields: fields("b", "T")}, {Code: 35},
		{To: NameServer, Code: 105, Fields: fields("topic", "T")}, {Frame: "x"},
	}
	want := []Fields{
		fields("topic", "T", "bname", "${brokerName}"), fields("b", "T", "n", "${brokerName}"), fields("bname", "${brokerName}"),
		fields("topic", "T"), nil,
	}
	for i, s := range Named(given) {
		if !slices.Equal(s.Fields, want[i]) {
			t.Errorf("step %d has %v, want %v", i, s.Fields, want[i])
		}
	}
	if len(given[0].Fields) != 1 {
		t.Errorf("the steps given have %v now", given[0].Fields)
	}
}

func TestFieldsAreValues(t *testing.T) {
	f := fields("a", "1", "b", "2")
	changed := f.With("b", "3", "c", "4").Without("a")
	if want := fields("b", "3", "c", "4"); !slices.Equal(changed, want) {
		t.Errorf("changed to %v, want %v", changed, want)
	}
	if want := fields("a", "1", "b", "2"); !slices.Equal(f, want) {
		t.Errorf("the original became %v", f)
	}
}

func TestNamesStandForValuesAndForTheOffsetInsideAnID(t *testing.T) {
	n := newNames()
	n.values["id"] = "7F00000100002A9F000000000000010F"
	for text, want := range map[string]string{
		"${run}_send":     n.values["run"] + "_send",
		"${id}":           n.values["id"],
		"at ${id@offset}": "at 271",
		"${unknown}":      "${unknown}",
		"${run@offset}":   "${run@offset}",
	} {
		if got := n.expand(text); got != want {
			t.Errorf("%s stands for %s, want %s", text, got, want)
		}
	}
}
