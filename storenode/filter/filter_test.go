package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gantry/remoting/message"
)

func TestTagExpressions(t *testing.T) {
	for expression, c := range map[string]struct{ tags, wanted, unwanted []string }{
		"*":            {nil, []string{"a", "", "täg"}, nil},
		"":             {nil, []string{"a", ""}, nil},
		"a":            {[]string{"a"}, []string{"a"}, []string{"b", ""}},
		"a || b":       {[]string{"a", "b"}, []string{"a", "b"}, []string{"c", ""}},
		"a||b||":       {[]string{"a", "b"}, []string{"a", "b"}, []string{"c"}},
		"||\ta || a ":  {[]string{"a"}, []string{"a"}, []string{"b"}},
		"täg || 标签":    {[]string{"täg", "标签"}, []string{"täg", "标签"}, []string{"tag"}},
		"a | b":        {[]string{"a | b"}, []string{"a | b"}, []string{"a", "b"}},
		" || ":         {nil, nil, []string{"a", ""}},
		"* || a":       {[]string{"*", "a"}, []string{"a", "*"}, []string{"b"}},
		"🦀":            {[]string{"🦀"}, []string{"🦀"}, []string{"b"}},
		"many || Aa":   {[]string{"many", "Aa"}, []string{"many", "Aa", "BB"}, []string{"b"}}, // Aa and BB hash alike
		"x||y ||z|| w": {[]string{"x", "y", "z", "w"}, []string{"w", "x", "y", "z"}, []string{"v"}},
	} {
		s, err := Parse("T", expression, "")
		if err != nil || !slices.Equal(s.Tags, c.tags) || s.Type != TypeTag || s.Topic != "T" {
			t.Errorf("%q: got %+v, %v", expression, s, err)
			continue
		}
		m, err := Compile(&s)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		for _, tag := range c.wanted {
			if !m.MatchTagsCode(message.TagsCode(tag)) {
				t.Errorf("%q does not want %q", expression, tag)
			}
		}
		for _, tag := range c.unwanted {
			if m.MatchTagsCode(message.TagsCode(tag)) {
				t.Errorf("%q wants %q", expression, tag)
			}
		}
	}
}

func TestAnExpressionOfSeparatorsIsAnError(t *testing.T) {
	for _, expression := range []string{"||", "||||"} {
		_, err := Parse("T", expression, TypeTag)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Expression != expression {
			t.Errorf("%q: got %v", expression, err)
		}
	}
}

func TestAnUnknownTypeIsAnError(t *testing.T) {
	_, err := Parse("T", "a > 1", "sql92")
	var typeError *TypeError
	if !errors.As(err, &typeError) || typeError.Type != "sql92" {
		t.Errorf("got %v", err)
	}
}

func TestHeartbeatsAreMatchedByTheirTags(t *testing.T) {
	for name, c := range map[string]struct {
		s    Subscription
		want bool // of tag a
	}{
		"tags":                {Subscription{Expression: "a", Tags: []string{"a"}}, true},
		"tags win":            {Subscription{Expression: "a", Tags: []string{"b"}}, false},
		"no tags, expression": {Subscription{Expression: "b || a"}, true},
		"nothing":             {Subscription{}, true},
		"filter class":        {Subscription{Expression: "x.Y", ClassFilterMode: true}, true},
	} {
		m, err := Compile(&c.s)
		if err != nil || m.MatchTagsCode(message.TagsCode("a")) != c.want {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
}

func TestSQLIsMatchedByProperties(t *testing.T) {
	p := message.Properties(nil).Set("TAGS", "a").Set("n", "5")
	for expression, want := range map[string]bool{"n > 4": true, "n > 5": false, "gone = 1": false, "n = 'x' OR TAGS IN ('a')": true, "TAGS > 5": false} {
		s, err := Parse("T", expression, TypeSQL92)
		if err != nil || s.Tags != nil || s.Expression != expression {
			t.Errorf("%q: got %+v, %v", expression, s, err)
			continue
		}
		m, err := Compile(&s)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
		} else if m.MatchTagsCode(7) != true || m.Properties()(p) != want {
			t.Errorf("%q wants %s: %v", expression, p, !want)
		}
	}
}

func TestASQLErrorNamesTheExpressionAndThePlace(t *testing.T) {
	for expression, want := range map[string]string{
		"a >": `SQL92 expression "a >": not SQL92 at byte 3: the end where an operand is expected`,
		"":    `SQL92 expression "": not SQL92 at byte 0: the end where an operand is expected`,
	} {
		_, err := Parse("T", expression, TypeSQL92)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	_, err := Parse("T", strings.Repeat("(", 100_000), TypeSQL92)
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"*", "a || b", "||", " || ", "|||", "\x00||x", "标签"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := Parse("T", expression, TypeTag)
		if err != nil {
			if strings.Trim(expression, "|") != "" {
				t.Fatalf("%q: %v", expression, err)
			}
			return
		}
		m, err := Compile(&s)
		if err != nil {
			t.Fatalf("%q parses but does not compile: %v", expression, err)
		}
		for _, tag := range s.Tags {
			if !m.MatchTagsCode(message.TagsCode(tag)) {
				t.Fatalf("%q does not want its own tag %q", expression, tag)
			}
		}
	})
}
