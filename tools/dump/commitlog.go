package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
)

const recordHeadBytes = 8 // totalSize and magic

var (
	errNoRecord = errors.New("no record begins here")
	errBlank    = errors.New("the blank does not reach to the end of the file")
	errOutside  = errors.New("it lies outside the file")
)

// commitLogFile prints records up to the blank, the zeros or the end of the file.
func commitLogFile(in *input, out io.Writer, o options) error {
	d := logDump{input: in, out: out, options: o}
	if err := d.findStart(); err != nil {
		return err
	}
	at := int64(0)
	if o.from > 0 {
		if at = o.from - d.start; at < 0 || at >= in.size {
			return fmt.Errorf("dump %s: --from %d: %w, which holds %d to %d", in.name, o.from, errOutside, d.start, d.start+in.size)
		}
	}
	for lines := int64(0); o.limit == 0 || lines < o.limit; lines++ {
		n, err := d.next(at)
		if err != nil || n == 0 {
			return err
		}
		at += n
	}
	return nil
}

type logDump struct {
	*input
	options
	out   io.Writer
	start int64 // offset in the log of the file's first byte
	buf   []byte
}

// findStart takes the offset of the first byte from the file's name, for a copy with another name from its first record.
func (d *logDump) findStart() error {
	start, named := d.input.start()
	d.start = start
	const physicalOffsetAt = 28
	if named || d.size < physicalOffsetAt+8 {
		return nil
	}
	head := make([]byte, physicalOffsetAt+8)
	if err := d.read(head, 0); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(head[4:]) == message.MagicRecord {
		d.start = int64(binary.BigEndian.Uint64(head[physicalOffsetAt:]))
	}
	return nil
}

// next prints what lies at that byte of the file and returns its length, 0 at the end.
func (d *logDump) next(at int64) (int64, error) {
	if at >= d.size {
		return 0, d.end(at, "the file is full")
	}
	head := make([]byte, min(recordHeadBytes, d.size-at))
	if err := d.read(head, at); err != nil {
		return 0, err
	}
	if isZero(head) {
		return 0, d.zeros(at)
	}
	if len(head) < recordHeadBytes {
		return 0, d.damagedAt(at, message.ErrTruncated)
	}
	size, magic := int64(int32(binary.BigEndian.Uint32(head))), binary.BigEndian.Uint32(head[4:])
	if magic == message.MagicBlank {
		return 0, d.blank(at, size)
	}
	if magic != message.MagicRecord {
		return 0, d.damagedAt(at+4, fmt.Errorf("%w: magic %#08x", errNoRecord, magic))
	}
	if size < recordHeadBytes || size > d.size-at {
		return 0, d.damagedAt(at, fmt.Errorf("%w: its length is said to be %d, to the end of the file there are %d", message.ErrMalformed, size, d.size-at))
	}
	return size, d.record(at, size)
}

func (d *logDump) record(at, size int64) error {
	if int64(cap(d.buf)) < size {
		d.buf = make([]byte, size)
	}
	if err := d.read(d.buf[:size], at); err != nil {
		return err
	}
	offset := d.start + at
	r, err := commitlog.ParseRecordAt(d.buf[:size], commitlog.Offset(offset))
	if err != nil {
		return d.damagedAt(at, err)
	}
	if err := r.CheckBody(); err != nil {
		return d.damagedAt(at+size-int64(len(r.Body())+1+len(r.Topic())+2+len(r.Properties())), err)
	}
	return d.print(r)
}

func (d *logDump) print(r message.Record) error {
	_, err := fmt.Fprintf(d.out,
		"offset=%d size=%d topic=%q queue=%d queue_offset=%d stored=%s born=%s born_host=%s store_host=%s sys_flag=%#x flag=%d transaction=%s prepared_offset=%d reconsume_times=%d body_bytes=%d body_crc=%08x properties={%s}",
		r.PhysicalOffset(), r.Size(), r.Topic(), r.QueueID(), r.QueueOffset(), clock(r.StoreTimestamp()), clock(r.BornTimestamp()),
		r.BornHost(), r.StoreHost(), r.SysFlag(), r.Flag(), transaction(r.SysFlag()), r.PreparedTransactionOffset(), r.ReconsumeTimes(),
		len(r.Body()), r.BodyCRC(), pairs(r.Properties()))
	if err == nil && d.bodies {
		_, err = fmt.Fprintf(d.out, " body=%q", r.Body())
	}
	if err == nil {
		_, err = fmt.Fprintln(d.out)
	}
	return err
}

func transaction(sysFlag int32) string {
	return [...]string{"none", "prepared", "commit", "rollback"}[message.TransactionType(sysFlag)>>2&3]
}

// pairs prints properties as they are stored, in their order.
func pairs(p message.Properties) string {
	var b []byte
	p.Range(func(name, value []byte) bool {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = fmt.Appendf(b, "%s=%q", quoteName(name), value)
		return true
	})
	return string(b)
}

// quoteName quotes a name that would not read as one word.
func quoteName(name []byte) string {
	if quoted := fmt.Sprintf("%q", name); len(quoted) != len(name)+2 {
		return quoted
	}
	return string(name)
}

func (d *logDump) blank(at, size int64) error {
	if size != d.size-at {
		return d.damagedAt(at, fmt.Errorf("%w: it has %d bytes of %d", errBlank, size, d.size-at))
	}
	return d.end(at, fmt.Sprintf("a blank of %d bytes, the log goes on in the next file", size))
}

// zeros is the log's end, if nothing else follows.
func (d *logDump) zeros(at int64) error {
	clean, err := d.zeroFrom(at)
	if err != nil {
		return err
	}
	if !clean {
		return d.damagedAt(at, errBehindEnd)
	}
	return d.end(at, "zeros to the end of the file")
}

func (d *logDump) end(at int64, how string) error {
	_, err := fmt.Fprintf(d.out, "end=%d %s\n", d.start+at, how)
	return err
}

func (d *logDump) damagedAt(at int64, err error) error {
	return d.damage(at, err, "log offset %d", d.start+at)
}
