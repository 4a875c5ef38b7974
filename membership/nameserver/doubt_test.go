package nameserver

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestASuspectedNodeIsWithdrawnOnlyAfterItsOwnSilence(t *testing.T) {
	const ms = time.Millisecond
	type ping struct {
		asked, now time.Duration // since the suspicion
		found      finding
	}
	for name, row := range map[string]struct {
		pings []ping
		want  string // what follows each
	}{
		"it answers":           {[]ping{{0, 3 * ms, answers}, {2003 * ms, 2004 * ms, answers}}, "again in 2s, again in 2s"},
		"it is not registered": {[]ping{{0, 0, absent}}, "again in 2s"},
		"a refused connection is no silence of 500 ms": {[]ping{{0, 1 * ms, silent}}, "again in 50ms"},
		"refused for 500 ms": {[]ping{{0, 1 * ms, silent}, {51 * ms, 52 * ms, silent}, {498 * ms, 499 * ms, silent}, {549 * ms, 550 * ms, silent}},
			"again in 50ms, again in 50ms, again in 50ms, withdraw"},
		"mute for 500 ms":                  {[]ping{{0, 500 * ms, silent}}, "withdraw"},
		"it answers in between":            {[]ping{{0, 400 * ms, silent}, {450 * ms, 460 * ms, answers}, {2460 * ms, 2859 * ms, silent}}, "again in 50ms, again in 2s, again in 50ms"},
		"it dies later":                    {[]ping{{0, 1 * ms, answers}, {2000 * ms, 2500 * ms, silent}}, "again in 2s, withdraw"},
		"it registers and is silent again": {[]ping{{0, 500 * ms, silent}, {2500 * ms, 2500 * ms, absent}, {4500 * ms, 4600 * ms, silent}}, "withdraw, again in 2s, again in 50ms"},
	} {
		var d doubt
		var got []string
		for _, p := range row.pings {
			withdraw, again := d.weigh(p.found, start.Add(p.asked), start.Add(p.now))
			if withdraw {
				got = append(got, "withdraw")
			} else {
				got = append(got, fmt.Sprint("again in ", again))
			}
		}
		if got := strings.Join(got, ", "); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
