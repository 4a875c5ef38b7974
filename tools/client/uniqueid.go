package client

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"
)

// uniqueIDs makes UNIQ_KEY values as Java's MessageClientIDSetter does: IPv4
// address, process id (16 bits), something of this client's own (32 bits), ms
// since the month began (32 bits), a counter (16 bits); 32 upper-case hex digits.
type uniqueIDs struct {
	prefix  [10]byte
	counter atomic.Uint32
	month   atomic.Int64 // unix ms of the present month's begin
	next    atomic.Int64 // unix ms of the next month's
}

const uniqueIDChars = 32

func (u *uniqueIDs) prepare() {
	copy(u.prefix[:4], localIP().To4())
	binary.BigEndian.PutUint16(u.prefix[4:], uint16(os.Getpid()))
	binary.BigEndian.PutUint32(u.prefix[6:], rand.Uint32())
	u.counter.Store(rand.Uint32())
	u.turnMonth(time.Now())
}

func (u *uniqueIDs) turnMonth(now time.Time) {
	begin := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.Local)
	u.month.Store(begin.UnixMilli())
	u.next.Store(begin.AddDate(0, 1, 0).UnixMilli())
}

// append appends the next id.
func (u *uniqueIDs) append(dst []byte) []byte {
	now := time.Now().UnixMilli()
	if now >= u.next.Load() {
		u.turnMonth(time.UnixMilli(now))
	}
	var id [uniqueIDChars / 2]byte
	copy(id[:], u.prefix[:])
	binary.BigEndian.PutUint32(id[10:], uint32(now-u.month.Load()))
	binary.BigEndian.PutUint16(id[14:], uint16(u.counter.Add(1)))
	at := len(dst)
	dst = hex.AppendEncode(dst, id[:])
	for i := at; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}
