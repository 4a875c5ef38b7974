package xcheck

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"gantry/remoting"
)

// maxReplyBytes bounds the frames that a server may send back to raw bytes.
const maxReplyBytes = 16 << 20

// frame writes a step's bytes to a connection of their own and waits for one reply, the connection's end, or silence.
func (r *runner) frame(ctx context.Context, s Step) (reply, error) {
	conn, err := remoting.DialTCP(ctx, r.addrs[s.To])
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	wait := s.Wait
	if wait == 0 {
		wait = silence
	}
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return reply{}, fmt.Errorf("bound the answer: %w", err)
	}
	if _, err := conn.Write([]byte(r.names.expand(s.Frame))); err != nil {
		return reply{answer: cutOff}, nil
	}
	return readReply(conn), nil
}

func readReply(conn net.Conn) reply {
	_, frame, err := remoting.NewFrameReader(conn, maxReplyBytes).Next()
	var c remoting.Command
	if err == nil {
		err = new(remoting.Decoder).Decode(frame, &c)
	}
	switch {
	case err == nil:
		return reply{answer: answered, tree: tree(&c)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return reply{answer: unanswered}
	default: // the end, a reset, or bytes that are no frame: a client has lost this connection
		return reply{answer: cutOff}
	}
}

// frameOf puts a length and a header length with its kind before header and body, as a well-made frame has them. Both may
// hold ${run}, whose value is as long in every run.
func frameOf(kind byte, header, body string) string {
	sent := func(text string) int { return len(strings.ReplaceAll(text, "${run}", runName(0))) }
	b := binary.BigEndian.AppendUint32(nil, uint32(4+sent(header)+sent(body)))
	b = binary.BigEndian.AppendUint32(b, uint32(kind)<<24|uint32(sent(header)))
	return string(b) + header + body
}

// lengths is the first eight bytes of a frame, whatever follows.
func lengths(frame, header uint32) string {
	return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, frame), header))
}
