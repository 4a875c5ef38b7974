package topic

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"gantry/storenode/configfile/configtest"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]NameReason{
		"TopicTest":                             "",
		"%RETRY%g|1_2-3":                        "",
		strings.Repeat("t", MaxNameBytes):       "",
		"":                                      NameBlank,
		" \t\n":                                 NameBlank,
		"a b":                                   NameIllegal,
		"a.b":                                   NameIllegal,
		"täglich":                               NameIllegal,
		strings.Repeat("t", MaxNameBytes+1):     NameTooLong,
		strings.Repeat("t", MaxNameBytes) + "/": NameIllegal,
	} {
		err := Validate(name)
		var bad *NameError
		if want == "" && err != nil || want != "" && (!errors.As(err, &bad) || bad.Reason != want || bad.Name != name) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestSystemTopicsAreNotMadeByHand(t *testing.T) {
	table := open(t, &configtest.FS{}, nil)
	for _, name := range append(table.SystemTopics(), "rmq_sys_anything", "broker-a", "DefaultCluster_REPLY_TOPIC", TraceTopic) {
		var system *SystemError
		if err := table.ValidateNew(name); !errors.As(err, &system) || system.Name != name {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if err := table.ValidateNew("TopicTest"); err != nil {
		t.Error(err)
	}
	if n := len(table.SystemTopics()); n != 12 {
		t.Errorf("%d system topics: %v", n, table.SystemTopics())
	}
}

func TestClientsDoNotSendToTheServersOwnTopics(t *testing.T) {
	for _, name := range []string{ScheduleTopic, TransHalfTopic, TransOpHalfTopic, TransCheckMaxTimeTopic, SelfTestTopic, OffsetMovedTopic} {
		var forbidden *ForbiddenError
		if err := ValidateSend(name); !errors.As(err, &forbidden) || forbidden.Name != name {
			t.Errorf("%q: got %v", name, err)
		}
	}
	for _, name := range []string{BenchmarkTopic, DefaultTopic, TraceTopic, "TopicTest"} {
		if err := ValidateSend([]byte(name)); err != nil {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, seed := range []string{"TopicTest", "", " ", "%DLQ%g", "a b", "\xff", SelfTestTopic} {
		f.Add(seed)
	}
	legal := regexp.MustCompile(`^[%|a-zA-Z0-9_-]+$`)
	f.Fuzz(func(t *testing.T, name string) {
		valid := legal.MatchString(name) && len(name) <= MaxNameBytes
		if err := Validate(name); valid != (err == nil) {
			t.Fatalf("%q: %v", name, err)
		}
	})
}
