package timer

import (
	"container/heap"
	"fmt"
	"slices"

	"gantry/storenode/vfs"
)

// pending holds the entries that are not delivered, in order, in bounded memory: what came last in a heap, the rest in
// runs, each with one block in memory. It belongs to the service's goroutine.
type pending struct {
	fs     vfs.FS
	dir    string
	most   int // entries of young
	young  young
	runs   []*run // all that are not exhausted
	byHead runHeap
	number int64 // of the next run
}

// runHeap is the runs by their first entry, container/heap's.
type runHeap []headed

type headed struct {
	run  *run
	head entry
}

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return h[i].head.before(h[j].head) }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(r any)        { *h = append(*h, r.(headed)) }
func (h *runHeap) Pop() any {
	r := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return r
}

func (p *pending) push(e entry) { heap.Push(&p.young, e) }

// full says that what is pushed next should be spilled before.
func (p *pending) full() bool { return len(p.young) >= p.most }

// head is the entry that is due first, or last where there is none.
func (p *pending) head() entry {
	head := last
	if len(p.young) > 0 {
		head = p.young[0]
	}
	if len(p.byHead) > 0 && p.byHead[0].head.before(head) {
		head = p.byHead[0].head
	}
	return head
}

// pop takes the head out. Error: that of the run's next entry, which is then still there.
func (p *pending) pop() error {
	if len(p.byHead) == 0 || len(p.young) > 0 && p.young[0].before(p.byHead[0].head) {
		heap.Pop(&p.young)
		return nil
	}
	first := &p.byHead[0]
	first.run.next++
	if first.run.exhausted() {
		heap.Pop(&p.byHead)
		return nil
	}
	next, err := first.run.head(p.fs, p.dir)
	if err != nil {
		first.run.next--
		return err
	}
	first.head = next
	heap.Fix(&p.byHead, 0)
	return nil
}

// spill makes a run of what is young.
func (p *pending) spill() error {
	if len(p.young) == 0 {
		return nil
	}
	slices.SortFunc(p.young, compare) // in order it is a heap, too
	if err := writeRun(p.fs, p.dir, p.number, p.young); err != nil {
		return fmt.Errorf("write run %d of timer messages: %w", p.number, err)
	}
	r := &run{number: p.number, entries: len(p.young)}
	p.number++
	if err := p.add(r); err != nil {
		return err
	}
	p.young = p.young[:0]
	return nil
}

// add takes a run in, from its next entry on.
func (p *pending) add(r *run) error {
	head, err := r.head(p.fs, p.dir)
	if err != nil {
		return err
	}
	p.runs = append(p.runs, r)
	heap.Push(&p.byHead, headed{r, head})
	return nil
}

// takeExhausted removes the runs of which all is delivered and returns them; their files are still there.
func (p *pending) takeExhausted() (gone []*run) {
	p.runs = slices.DeleteFunc(p.runs, func(r *run) bool {
		if r.exhausted() {
			gone = append(gone, r)
		}
		return r.exhausted()
	})
	return gone
}

// clear forgets everything; files stay.
func (p *pending) clear() {
	p.young, p.runs, p.byHead = p.young[:0], nil, nil
}
