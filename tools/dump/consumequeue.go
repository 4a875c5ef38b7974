package dump

import (
	"errors"
	"fmt"
	"io"

	"gantry/storenode/consumequeue"
)

var errUnits = errors.New("its size is no whole number of units")

// unitsAtOnce is how many units one read takes.
const unitsAtOnce = 8192

// consumeQueueFile prints units up to the zeros or the end of the file.
func consumeQueueFile(in *input, out io.Writer, o options) error {
	start, _ := in.start()
	first, count := start/consumequeue.UnitBytes, in.size/consumequeue.UnitBytes
	if in.size%consumequeue.UnitBytes != 0 {
		return in.damage(count*consumequeue.UnitBytes, errUnits, "queue offset %d", first+count)
	}
	number := int64(0)
	if o.from > 0 {
		if number = o.from - first; number < 0 || number >= count {
			return fmt.Errorf("dump %s: --from %d: %w, which holds %d to %d", in.name, o.from, errOutside, first, first+count)
		}
	}
	d := queueDump{input: in, out: out, first: first}
	for left := o.limit; number < count; {
		most := min(count-number, unitsAtOnce)
		if o.limit > 0 {
			most = min(most, left)
		}
		ended, err := d.units(number, most)
		number, left = number+most, left-most
		if err != nil || ended || o.limit > 0 && left == 0 {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "end=%d the file is full\n", first+count)
	return err
}

type queueDump struct {
	*input
	out    io.Writer
	first  int64 // queue offset of the file's first unit
	before consumequeue.Unit
}

// units prints so many units from number on; true where the queue ends among them.
func (d *queueDump) units(number, count int64) (ended bool, err error) {
	b := make([]byte, count*consumequeue.UnitBytes)
	if err := d.read(b, number*consumequeue.UnitBytes); err != nil {
		return false, err
	}
	for ; len(b) > 0; b, number = b[consumequeue.UnitBytes:], number+1 {
		if isZero(b[:consumequeue.UnitBytes]) {
			return true, d.zeros(number)
		}
		u := consumequeue.DecodeUnit(b)
		if err := u.Check(d.before); err != nil {
			return false, d.damagedAt(number, err)
		}
		if err := d.print(d.first+number, u); err != nil {
			return false, err
		}
		if !u.Blank() {
			d.before = u
		}
	}
	return false, nil
}

func (d *queueDump) print(queueOffset int64, u consumequeue.Unit) (err error) {
	if u.Blank() {
		_, err = fmt.Fprintf(d.out, "queue_offset=%d no message\n", queueOffset)
	} else {
		_, err = fmt.Fprintf(d.out, "queue_offset=%d offset=%d size=%d tags_code=%d\n", queueOffset, u.Physical, u.Size, u.TagsCode)
	}
	return err
}

func (d *queueDump) zeros(number int64) error {
	clean, err := d.zeroFrom(number * consumequeue.UnitBytes)
	if err != nil {
		return err
	}
	if !clean {
		return d.damagedAt(number, errBehindEnd)
	}
	_, err = fmt.Fprintf(d.out, "end=%d zeros to the end of the file\n", d.first+number)
	return err
}

func (d *queueDump) damagedAt(number int64, err error) error {
	return d.damage(number*consumequeue.UnitBytes, err, "queue offset %d", d.first+number)
}
