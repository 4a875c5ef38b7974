package bench

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
)

func TestIdleMembersJoinWaitAndLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		var out output
		o := IdleOptions{Client: clientOf(network.Dial), Topic: "T", Groups: 5, Members: 4, Seconds: 100, JoinsPerSecond: 10}
		if err := Idle(context.Background(), o, &out); err != nil {
			t.Fatal(err)
		}
		lines := out.lines()
		wantLines(t, lines, "Idle members: 20 of 20", `Idle members: 20, pulls answered meanwhile: 1\d\d, failures: 0`)
	})
}

func TestIdleMembersWithoutServerAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := startNull(t, NullOptions{QueueNums: 4})
		var out output
		o := IdleOptions{Client: clientOf(network.Dial), Topic: "T", Groups: 1, Members: 1, Seconds: 1, JoinsPerSecond: 1}
		o.Client.Namesrv = []string{"10.9.9.9:1"}
		if err := Idle(context.Background(), o, &out); err == nil || !strings.Contains(err.Error(), "10.9.9.9:1") {
			t.Errorf("error %v", err)
		}
	})
}
