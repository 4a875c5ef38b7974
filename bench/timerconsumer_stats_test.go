package bench

import (
	"testing"
	"time"
)

func TestLatenessKnowsWhatCameEarly(t *testing.T) {
	var s latenessStats
	if got := s.quantile(0.5); got != 0 {
		t.Errorf("of nothing %d", got)
	}
	for _, ms := range []int{-3, -2, -1, 0, 1, 2, 3, 4, 5, 6} {
		s.received(time.Duration(ms) * time.Millisecond)
	}
	for q, want := range map[float64]int64{0: -3, 0.1: -2, 0.2: -1, 0.3: 0, 0.5: 2, 0.9: 6, 1: 6} {
		if got := s.quantile(q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	early := latenessStats{}
	early.received(-time.Second)
	if got := early.quantile(1); got != -1000 {
		t.Errorf("all early: %d", got)
	}
}
