package message

import "fmt"

// Decode reads the record at the start of b, whatever follows it, and returns it with its size. Body and Properties
// borrow b; the body's checksum is a step of its own, CheckBody. Errors: ErrTruncated, ErrMagic, ErrMalformed.
//
// The topic's name is the one allocation; a loop over many records reuses one Message and its Decode instead.
func Decode(b []byte) (Message, int, error) {
	var m Message
	n, err := m.Decode(b)
	return m, n, err
}

// Decode fills m from the record at the start of b like the function Decode. Where m.Topic already is the record's
// topic it is kept, so that reading on in one topic allocates nothing.
func (m *Message) Decode(b []byte) (int, error) {
	r, err := ParseRecord(b)
	if err != nil {
		return 0, err
	}
	if topic := r.Topic(); m.Topic != string(topic) {
		m.Topic = string(topic)
	}
	m.QueueID = r.QueueID()
	m.Flag = r.Flag()
	m.SysFlag = r.SysFlag()
	m.ReconsumeTimes = r.ReconsumeTimes()
	m.QueueOffset = r.QueueOffset()
	m.PhysicalOffset = r.PhysicalOffset()
	m.BornTimestamp = r.BornTimestamp()
	m.StoreTimestamp = r.StoreTimestamp()
	m.PreparedTransactionOffset = r.PreparedTransactionOffset()
	m.BornHost = r.BornHost()
	m.StoreHost = r.StoreHost()
	m.Body = r.Body()
	m.Properties = r.Properties()
	m.BodyCRC = r.BodyCRC()
	return len(r), nil
}

// CheckBody compares the body of a decoded message with its checksum. Error: ErrBodyCRC.
func (m *Message) CheckBody() error {
	if len(m.Body) == 0 {
		return nil
	}
	if got := BodyChecksum(m.Body); got != m.BodyCRC {
		return fmt.Errorf("%w: checksum %#x, body has %#x", ErrBodyCRC, m.BodyCRC, got)
	}
	return nil
}
