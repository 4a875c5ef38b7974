package ports

import "testing"

func TestBlocksDoNotOverlapWhileTheyAreHeld(t *testing.T) {
	held := map[int]bool{}
	for range 20 {
		b, err := Take()
		if err != nil {
			t.Fatal(err)
		}
		defer b.Release()
		for i := range BlockPorts {
			if held[b.Port(i)] {
				t.Fatalf("port %d was handed out twice", b.Port(i))
			}
			held[b.Port(i)] = true
		}
	}
}

func TestAReleasedBlockCanBeTakenAgain(t *testing.T) {
	b, err := Take()
	if err != nil {
		t.Fatal(err)
	}
	base := b.Base
	if err := b.Release(); err != nil {
		t.Fatal(err)
	}
	again := tryBlock(t.TempDir(), base)
	if again == nil {
		t.Fatalf("block %d stayed taken after its release", base)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
}
