package repeat

import "testing"

func over(rounds []<-chan struct{}) bool {
	for _, r := range rounds {
		select {
		case <-r:
		default:
			return false
		}
	}
	return true
}

func TestWhatBeganBeforeIsWaitedFor(t *testing.T) {
	var p preparing
	if !over(p.before()) {
		t.Error("nothing has begun, and it is waited for")
	}
	first, second := p.begin(), p.begin()
	before := p.before()
	later := p.begin()
	first()
	if over(before) {
		t.Error("one of two is done, and the other is not waited for")
	}
	second()
	if !over(before) {
		t.Error("what began later is waited for")
	}
	both := p.before()
	another := p.begin()
	if all := p.before(); over(both) || over(all) {
		t.Error("what has begun is not waited for")
	} else {
		later()
		if !over(both) || over(all) {
			t.Error("rounds do not end one by one")
		}
		another()
		if !over(all) || len(p.rounds) != 0 {
			t.Errorf("%d rounds are left when all is done", len(p.rounds))
		}
	}
}
