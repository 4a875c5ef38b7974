package protocol

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gantry/remoting/fastjson"
)

// maxRegisterBodyBytes bounds what a compressed registration may unfold to:
// some hundred thousand topics.
const maxRegisterBodyBytes = 64 << 20

// RegisterBrokerBody is the body of code 103.
type RegisterBrokerBody struct {
	FilterServerList Set[string]                 `json:"filterServerList"`
	TopicConfig      TopicConfigSerializeWrapper `json:"topicConfigSerializeWrapper"`
}

// Decode reads a body that is not compressed.
func (b *RegisterBrokerBody) Decode(body []byte) error {
	*b = RegisterBrokerBody{}
	return unmarshal("registration", body, b)
}

// Encode writes a body that is not compressed.
func (b RegisterBrokerBody) Encode() []byte { return marshal(b) }

// DecodeCompressed reads the body of a request whose header says compressed: a
// zlib stream of counted parts.
func (b *RegisterBrokerBody) DecodeCompressed(body []byte) error {
	*b = RegisterBrokerBody{}
	inflated, err := inflate(body)
	if err != nil {
		return fmt.Errorf("inflate registration: %w", err)
	}
	if err := b.decodeParts(inflated); err != nil {
		return fmt.Errorf("decode compressed registration: %w", err)
	}
	return nil
}

func inflate(body []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	inflated, err := io.ReadAll(io.LimitReader(r, maxRegisterBodyBytes+1))
	if err == nil && len(inflated) > maxRegisterBodyBytes {
		err = fmt.Errorf("more than %d bytes", maxRegisterBodyBytes)
	}
	return inflated, err
}

// decodeParts reads data version, count of topics, topics, filter servers, and
// what only 5.x writes: count of static topics' mappings, mappings.
func (b *RegisterBrokerBody) decodeParts(text []byte) error {
	version, text, err := cutPart(text)
	if err != nil {
		return err
	}
	if err := b.TopicConfig.DataVersion.Decode(version); err != nil {
		return err
	}
	if len(text) < 4 {
		return io.ErrUnexpectedEOF
	}
	count := binary.BigEndian.Uint32(text)
	text = text[4:]
	b.TopicConfig.TopicConfigTable = Table[string, TopicConfig]{}
	for range count {
		var row []byte
		if row, text, err = cutPart(text); err != nil {
			return err
		}
		topic, err := decodeTopicRow(string(row))
		if err != nil {
			return err
		}
		b.TopicConfig.TopicConfigTable[topic.TopicName] = topic
	}
	servers, text, err := cutPart(text)
	if err != nil {
		return err
	}
	if err := unmarshal("filter servers", servers, &b.FilterServerList); err != nil || len(text) == 0 {
		return err
	}
	return b.decodeMappings(text)
}

func (b *RegisterBrokerBody) decodeMappings(text []byte) error {
	if len(text) < 4 {
		return io.ErrUnexpectedEOF
	}
	count := binary.BigEndian.Uint32(text)
	text = text[4:]
	for range count {
		var mapping []byte
		var err error
		if mapping, text, err = cutPart(text); err != nil {
			return err
		}
		var of struct{ Topic string }
		if err := unmarshal("static topic", mapping, &of); err != nil {
			return err
		}
		if mapping, err = fastjson.AppendStandard(nil, mapping); err != nil {
			return err
		}
		b.TopicConfig.addMapping(of.Topic, mapping)
	}
	return nil
}

// cutPart takes a 32-bit length and that many bytes from the front of text.
func cutPart(text []byte) (part, rest []byte, err error) {
	if len(text) < 4 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	n := int64(binary.BigEndian.Uint32(text))
	if text = text[4:]; n > int64(len(text)) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return text[:n], text[n:], nil
}

// decodeTopicRow reads "name readQueueNums writeQueueNums perm filterType" and
// passes over attributes that 5.x appends.
func decodeTopicRow(row string) (TopicConfig, error) {
	words := strings.SplitN(row, " ", 6)
	if len(words) < 5 {
		return TopicConfig{}, fmt.Errorf("topic of %d words: %q", len(words), row)
	}
	t := NewTopicConfig(words[0])
	t.TopicFilterType = words[4]
	for i, field := range []*int32{&t.ReadQueueNums, &t.WriteQueueNums, &t.Perm} {
		n, err := strconv.ParseInt(words[i+1], 10, 32)
		if err != nil {
			return t, fmt.Errorf("topic %q: %w", row, err)
		}
		*field = int32(n)
	}
	return t, nil
}

// EncodeCompressed writes what DecodeCompressed reads. A topic's order and
// topicSysFlag have no place in this form.
func (b RegisterBrokerBody) EncodeCompressed() []byte {
	text := appendPart(nil, b.TopicConfig.DataVersion.Encode())
	text = binary.BigEndian.AppendUint32(text, uint32(len(b.TopicConfig.TopicConfigTable)))
	for _, name := range slices.Sorted(maps.Keys(b.TopicConfig.TopicConfigTable)) {
		t := b.TopicConfig.TopicConfigTable[name]
		text = appendPart(text, fmt.Appendf(nil, "%s %d %d %d %s", name, t.ReadQueueNums, t.WriteQueueNums, t.Perm, t.TopicFilterType))
	}
	text = appendPart(text, marshal(b.FilterServerList))
	if mappings := b.TopicConfig.TopicQueueMappingInfoMap; len(mappings) > 0 {
		text = binary.BigEndian.AppendUint32(text, uint32(len(mappings)))
		for _, topic := range slices.Sorted(maps.Keys(mappings)) {
			text = appendPart(text, mappings[topic])
		}
	}
	var body bytes.Buffer
	w := zlib.NewWriter(&body)
	_, err := w.Write(text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("BUG: deflate %d bytes into memory: %v", len(text), err))
	}
	return body.Bytes()
}

func appendPart(dst, part []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
	return append(dst, part...)
}
