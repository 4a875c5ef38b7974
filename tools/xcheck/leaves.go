package xcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/message"
)

// Leaf is one comparable part of an answer: where it is ("ext.msgId", "body.records.0.topic") and its value.
type Leaf struct{ Path, Value string }

// leaves is an answer taken apart: path → value.
type leaves map[string]string

// The values of the leaf "answer", which every step has.
const (
	answered   = "reply"
	unanswered = "none"
	cutOff     = "connection closed"
)

// node is a part of an answer as a tree: a string, a map[string]any or a []any of nodes.
type node = any

// tree takes a reply apart. Version, language, opaque and flag are not looked at: the first two say who the server is,
// the others found the request.
func tree(c *remoting.Command) map[string]node {
	t := map[string]node{
		"code":   strconv.Itoa(int(c.Code)),
		"header": map[remoting.HeaderKind]string{remoting.JSON: "JSON", remoting.ROCKETMQ: "ROCKETMQ"}[c.Kind],
	}
	if c.Remark != "" {
		t["remark"] = c.Remark
	}
	ext := map[string]node{}
	for _, f := range c.Ext {
		if ext[string(f.Key)] = string(f.Value); string(f.Key) == "properties" {
			ext["properties"] = pairsOf(f.Value)
		}
	}
	if len(ext) > 0 {
		t["ext"] = ext
	}
	if len(c.Body) > 0 {
		t["body"] = body(c.Body)
	}
	return t
}

// body is JSON of any dialect, records, the lines of a configuration, or else bytes.
func body(b []byte) node {
	if b[0] == '{' || b[0] == '[' {
		if t, err := jsonTree(b); err == nil {
			return t
		}
	}
	if records, err := recordsTree(b); err == nil {
		return map[string]node{"records": records}
	}
	if t := propertiesTree(b); len(t) > 0 {
		return t
	}
	return fmt.Sprintf("%d bytes: %.60q", len(b), b)
}

// propertiesTree takes key=value lines apart, as codes 26 and 319 answer; nil where a line is none.
func propertiesTree(b []byte) map[string]node {
	t := map[string]node{}
	for line := range strings.Lines(string(b)) {
		key, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found || !configurationKey.MatchString(key) {
			return nil
		}
		t[key] = value
	}
	return t
}

var configurationKey = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*$`)

func jsonTree(b []byte) (node, error) {
	standard, err := fastjson.AppendStandard(nil, b)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(standard))
	d.UseNumber()
	var t any
	if err := d.Decode(&t); err != nil {
		return nil, err
	}
	return plain(t), nil
}

// plain turns scalars into strings. Java's lists in bodies are sets, whose order says nothing: they are put in order.
func plain(t any) node {
	switch t := t.(type) {
	case map[string]any:
		for key, value := range t {
			t[key] = plain(value)
		}
		return t
	case []any:
		for i, value := range t {
			t[i] = plain(value)
		}
		return t
	default:
		return fmt.Sprint(t)
	}
}

func recordsTree(b []byte) ([]node, error) {
	var records []node
	for len(b) > 0 {
		m, n, err := message.Decode(b)
		if err == nil {
			err = m.CheckBody()
		}
		if err != nil && !errors.Is(err, message.ErrBodyCRC) {
			return nil, err
		}
		records = append(records, recordTree(&m, err == nil))
		b = b[n:]
	}
	return records, nil
}

func pairsOf(properties message.Properties) map[string]node {
	pairs := map[string]node{}
	properties.Range(func(name, value []byte) bool {
		pairs[string(name)] = string(value)
		return true
	})
	return pairs
}

func recordTree(m *message.Message, bodyFits bool) node {
	numbers := map[string]int64{
		"queueId": int64(m.QueueID), "flag": int64(m.Flag), "sysFlag": int64(m.SysFlag), "reconsumeTimes": int64(m.ReconsumeTimes),
		"queueOffset": m.QueueOffset, "physicalOffset": m.PhysicalOffset, "bornTimestamp": m.BornTimestamp,
		"storeTimestamp": m.StoreTimestamp, "preparedTransactionOffset": m.PreparedTransactionOffset,
		"bodyBytes": int64(len(m.Body)), "propertiesBytes": int64(len(m.Properties)), "bodyCRC": int64(m.BodyCRC),
	}
	record := map[string]node{
		"topic": m.Topic, "bornHost": m.BornHost.String(), "storeHost": m.StoreHost.String(),
		"body": fmt.Sprintf("%.40q", m.Body), "bodyFitsChecksum": strconv.FormatBool(bodyFits), "properties": pairsOf(m.Properties),
	}
	for name, n := range numbers {
		record[name] = strconv.FormatInt(n, 10)
	}
	return record
}

// flatten lists the leaves of a tree, each value, key and list element passed through mask. Texts in a list become leaves
// of their own; of other lists, records keep their order and the rest is put in order after masking. Mask may drop an element.
func flatten(t node, mask func(path, value string) (string, bool)) leaves {
	out := leaves{}
	flattenInto(out, "", t, mask)
	return out
}

func flattenInto(out leaves, path string, t node, mask func(path, value string) (string, bool)) {
	switch t := t.(type) {
	case map[string]any:
		if len(t) == 0 {
			out[path] = "{}"
		}
		for key, value := range t {
			masked, _ := mask("", key)
			flattenInto(out, join(path, masked), value, mask)
		}
	case []any:
		flattenList(out, path, t, mask)
	case string:
		if value, keep := mask(path, t); keep {
			out[path] = value
		}
	}
}

func flattenList(out leaves, path string, list []any, mask func(path, value string) (string, bool)) {
	var elements []leaves
	for _, value := range list {
		if text, ok := value.(string); ok {
			if text, keep := mask(join(path, "*"), text); keep {
				out[path+"["+text+"]"] = "listed"
			}
			continue
		}
		element := leaves{}
		flattenInto(element, "", value, func(below, value string) (string, bool) { return mask(join(join(path, "*"), below), value) })
		if len(element) > 0 {
			elements = append(elements, element)
		}
	}
	if !strings.HasSuffix(path, "records") {
		slices.SortFunc(elements, func(a, b leaves) int { return strings.Compare(a.text(), b.text()) })
	}
	if len(list) == 0 {
		out[path] = "[]"
	}
	for i, element := range elements {
		for below, value := range element {
			out[join(join(path, strconv.Itoa(i)), below)] = value
		}
	}
}

func join(path, below string) string {
	if path == "" || below == "" {
		return path + below
	}
	return path + "." + below
}

// text is what lists are put in order by.
func (l leaves) text() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&b, "%s=%s\n", path, l[path])
	}
	return b.String()
}
