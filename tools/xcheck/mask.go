package xcheck

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// masker replaces what differs between any two runs by what it stands for, so that the rest can be compared to the
// letter. What an earlier step of the same run answered stays recognisable: a message id in a record shows as the name
// it was kept under, and a wrong one does not.
type masker struct {
	names     *names
	addresses map[string]string // address → whose
	brokers   map[string]string // this server's own broker and cluster name → "<brokerName>", "<cluster>"
}

var (
	addressText = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+:\d+`)
	offsetID    = regexp.MustCompile(`^(?:[0-9A-F]{32}|[0-9A-F]{56})$`)
	numberText  = regexp.MustCompile(`^\d{13}$`)

	// What Java puts around an exception's message: its class and the place it was thrown at.
	javaClass = regexp.MustCompile(`^(?:[a-z][a-zA-Z0-9]*\.)+[A-Z][\w$]*(?:Exception|Error)(?:: |$)`)
	javaPlace = regexp.MustCompile(`(?:^|, )(?:[a-z][\w]*[./])+[\w$.]+[\w$<>]+\(\w+\.java:\d+\)$`)
)

// mask is the masker as flatten wants it. An element that names another run's topic or group is dropped.
func (m *masker) mask(path, value string) (string, bool) {
	switch path {
	case "ext.msgId", "body.records.*.properties.ORIGIN_MESSAGE_ID":
		return m.ids(value), true
	case "body.records.*.preparedTransactionOffset":
		if value == "0" {
			return value, true
		}
		return m.logOffset(value), true
	case "body.records.*.physicalOffset":
		return m.logOffset(value), true
	case "ext.indexLastUpdatePhyoffset":
		return "<log offset>", true
	}
	value = m.text(value)
	if path == "remark" {
		value = javaClass.ReplaceAllString(javaPlace.ReplaceAllString(value, ""), "")
	}
	if numberText.MatchString(value) && m.isTime(value) {
		value = "<time>"
	}
	return value, !runToken.MatchString(value) && !madeLater(value)
}

// madeLater names the topics that the real broker makes when it looks for unfinished transactions, a minute after its
// start or after the script's transactional send.
func madeLater(topic string) bool {
	return topic == "RMQ_SYS_TRANS_HALF_TOPIC" || topic == "RMQ_SYS_TRANS_OP_HALF_TOPIC" || topic == "TRANS_CHECK_MAX_TIME_TOPIC"
}

func (m *masker) text(value string) string {
	value = strings.ReplaceAll(value, m.names.values["run"], "RUN")
	value = addressText.ReplaceAllStringFunc(value, func(address string) string {
		if whose, ok := m.addresses[address]; ok {
			return whose
		}
		return "<address>"
	})
	if stands, ok := m.brokers[value]; ok {
		return stands
	}
	for name, stands := range m.brokers { // in the key of a table by queue
		value = strings.ReplaceAll(value, `"brokerName":"`+name+`"`, `"brokerName":"`+stands+`"`)
	}
	return value
}

// ids names message ids by the step that kept them; those of a batch are joined by commas.
func (m *masker) ids(value string) string {
	parts := strings.Split(value, ",")
	for i, part := range parts {
		if !offsetID.MatchString(part) {
			continue
		}
		parts[i] = "<id>"
		for name, known := range m.names.values {
			if part == known {
				parts[i] = "${" + name + "}"
			}
		}
	}
	return strings.Join(parts, ",")
}

// logOffset names a place in the log by the step that kept the id of the message there.
func (m *masker) logOffset(value string) string {
	for name := range m.names.values {
		if offset := "${" + name + "@offset}"; m.names.expand(offset) == value {
			return offset
		}
	}
	return "<log offset>"
}

// isTime says whether a number is a time around this run.
func (m *masker) isTime(value string) bool {
	millis, err := strconv.ParseInt(value, 10, 64)
	return err == nil && time.UnixMilli(millis).Sub(m.names.start).Abs() < time.Hour
}
