package delay

import (
	"errors"
	"testing"
)

const javaLevels = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h"

func TestJavasLevels(t *testing.T) {
	levels, err := ParseLevels(javaLevels)
	if err != nil || levels.Max() != 18 {
		t.Fatal(levels, err)
	}
	for level, millis := range map[int]int64{1: 1000, 4: 30_000, 5: 60_000, 16: 1_800_000, 18: 7_200_000, 0: 1000, 19: 1000, -1: 1000} {
		if got := levels.DeliverTime(level, 5_000_000); got != 5_000_000+millis {
			t.Errorf("level %d: %d ms", level, got-5_000_000)
		}
	}
	for asked, got := range map[int]int{-3: 0, 0: 0, 7: 7, 18: 18, 100: 18} {
		if levels.Clamp(asked) != got {
			t.Errorf("level %d is clamped to %d", asked, levels.Clamp(asked))
		}
	}
}

func TestWrongLevelsAreNamed(t *testing.T) {
	for text, level := range map[string]int{
		"": 1, "1s 5": 2, "1s  5s": 2, "1s 5S": 2, "s": 1, "1s xm": 2, "1s -5s": 2, "1s 2.5s": 2,
		"99999999999999999999d": 1, "1d 100000d": 2, "1s\t5s": 1, "5ä": 1,
	} {
		_, err := ParseLevels(text)
		var wrong *LevelError
		if !errors.As(err, &wrong) || wrong.Level != level || wrong.Reason == "" {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func FuzzParseLevels(f *testing.F) {
	for _, seed := range []string{javaLevels, "", "1d", "0s", " 1s ", "9223372036854775807s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		levels, err := ParseLevels(text)
		if err != nil {
			return
		}
		for level := 1; level <= levels.Max(); level++ {
			if levels.DelayMillis(level) < 0 {
				t.Fatalf("%q: level %d is %d ms", text, level, levels.DelayMillis(level))
			}
		}
	})
}
