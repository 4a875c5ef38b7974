package group

import (
	"testing"
	"testing/synctest"
	"time"
)

func wantRate(t *testing.T, r *Rates, group, topic string, want float64) {
	t.Helper()
	if got := r.PerSecond(group, topic); got != want {
		t.Errorf("%s reads %s at %v a second, want %v", group, topic, got, want)
	}
}

func TestARateIsThatOfTheLastMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRates(10)
		for range 300 {
			r.Given("g", "T", 5)
			time.Sleep(time.Second)
		}
		r.Given("g", "U", 60)
		wantRate(t, r, "g", "T", 5)
		wantRate(t, r, "g", "U", 0)
		time.Sleep(30 * time.Second)
		wantRate(t, r, "g", "T", 2.5)
		wantRate(t, r, "g", "U", 2)
		wantRate(t, r, "others", "T", 0)
		time.Sleep(time.Minute)
		wantRate(t, r, "g", "T", 0)
		wantRate(t, r, "g", "U", 0)
		r.Given("g", "T", 60)
		time.Sleep(10 * time.Second)
		wantRate(t, r, "g", "T", 1)
	})
}

func TestRatesHaveABoundAndIdleOnesMakePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRates(2)
		for _, topic := range []string{"a", "b", "c"} {
			r.Given("g", topic, 10)
		}
		time.Sleep(10 * time.Second)
		wantRate(t, r, "g", "b", 1)
		wantRate(t, r, "g", "c", 0)
		time.Sleep(2 * time.Minute)
		r.Given("g", "c", 10)
		time.Sleep(10 * time.Second)
		wantRate(t, r, "g", "c", 1)
		wantRate(t, r, "g", "b", 0)
	})
}
