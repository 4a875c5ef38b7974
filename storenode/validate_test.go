package storenode

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"gantry/remoting/properties"
)

func TestEveryNumberIsRefusedByNameBeyondItsBounds(t *testing.T) {
	fields := properties.Types(&Config{})
	for _, r := range DefaultConfig().ranges() {
		if fields[r.key] < properties.Int {
			t.Errorf("%s is no key with a number", r.key)
		}
		if r.value < r.min || r.value > r.max {
			t.Errorf("%s: the default %d lies beyond %d to %d", r.key, r.value, r.min, r.max)
		}
		if r.max == math.MaxInt32 {
			continue // what is more does not fit the field
		}
		c := DefaultConfig()
		entries := []properties.Entry{{Key: r.key, Value: strconv.FormatInt(r.max+1, 10)}}
		if found := properties.Bind(entries, properties.Options{}, &c); found.Err() != nil {
			t.Fatal(found.Err())
		}
		var refused *properties.ValueError
		if err := c.Validate(); !errors.As(err, &refused) || refused.Key != r.key {
			t.Errorf("%s=%d: %v", r.key, r.max+1, err)
		}
	}
}

func TestSlavesHaveAPortOfTheirOwn(t *testing.T) {
	for port, valid := range map[int]bool{0: true, 10912: true, 10911: false, 10909: false} {
		c := DefaultConfig()
		c.HAListenPort = port
		var refused *properties.ValueError
		if err := c.Validate(); (err == nil) != valid || !valid && (!errors.As(err, &refused) || refused.Key != "haListenPort") {
			t.Errorf("haListenPort=%d: %v", port, err)
		}
	}
}
