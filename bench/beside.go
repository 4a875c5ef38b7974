package bench

import (
	"context"
	"fmt"
	"os"
	"time"
)

// startBeside starts what runs beside a load and waits for its first line.
func startBeside(ctx context.Context, argv []string, says, scratch string) (*started, error) {
	dir, err := os.MkdirTemp(scratch, "beside-")
	if err != nil {
		return nil, err
	}
	b := &started{dir: dir, ended: make(chan error, 1)}
	told, err := b.run(argv, "")
	if err != nil {
		return nil, fmt.Errorf("start %q: %w", argv, err)
	}
	select {
	case said := <-told:
		if said == says {
			return b, nil
		}
		err = fmt.Errorf("%q said %q, want %q", argv, said, says)
	case why := <-b.ended:
		b.ended <- why
		err = fmt.Errorf("%q ended before it said %q: %v", argv, says, why)
	case <-ctx.Done():
		err = fmt.Errorf("%q has not said %q: %w", argv, says, ctx.Err())
	}
	err = fmt.Errorf("%w%s", err, b.logTail())
	b.stop()
	return nil, err
}

// idleCPU watches the system for so long and is what its processes used, in % of a core.
func (st *started) idleCPU(ctx context.Context, d time.Duration) float64 {
	begin, first := time.Now(), st.usage()
	pause(ctx, d)
	return 100 * st.usage().since(first).cpu.Seconds() / time.Since(begin).Seconds()
}
