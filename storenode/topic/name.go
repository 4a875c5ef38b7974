package topic

import "fmt"

// MaxNameBytes is the longest topic name (TopicValidator).
const MaxNameBytes = 127

// NameError says why a name cannot be a topic's. Its text is the remark Java answers with, beside SYSTEM_ERROR.
type NameError struct {
	Name   string
	Reason NameReason
}

// NameReason is what is wrong with a name.
type NameReason string

const (
	NameBlank   NameReason = "The specified topic is blank."
	NameIllegal NameReason = "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	NameTooLong NameReason = "The specified topic is longer than topic max length."
)

func (e *NameError) Error() string { return string(e.Reason) }

// SystemError says that a topic is the system's. Its text is the remark Java answers with, beside SYSTEM_ERROR.
type SystemError struct{ Name string }

func (e *SystemError) Error() string {
	return fmt.Sprintf("The topic[%s] is conflict with system topic.", e.Name)
}

// ForbiddenError says that no client may send to a topic. Its text is the remark Java answers with, beside
// NO_PERMISSION.
type ForbiddenError struct{ Name string }

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("Sending message to topic[%s] is forbidden.", e.Name)
}

// Validate checks a name's characters and length, in Java's order. Error: *NameError.
func Validate[T ~string | ~[]byte](name T) error {
	switch {
	case blank(name):
		return &NameError{string(name), NameBlank}
	case !Legal(name):
		return &NameError{string(name), NameIllegal}
	case len(name) > MaxNameBytes:
		return &NameError{string(name), NameTooLong}
	}
	return nil
}

// ValidateNew is Validate and that the name is not the system's: what codes 17 and 215 ask. Error: *NameError,
// *SystemError.
func (t *Table) ValidateNew(name string) error {
	if err := Validate(name); err != nil {
		return err
	}
	if t.IsSystem(name) {
		return &SystemError{name}
	}
	return nil
}

// ValidateSend is whether clients may send to a topic of that name: not to those whose messages only the server
// writes. Error: *NameError, *ForbiddenError.
func ValidateSend[T ~string | ~[]byte](name T) error {
	if err := Validate(name); err != nil {
		return err
	}
	switch string(name) {
	case ScheduleTopic, TransHalfTopic, TransOpHalfTopic, TransCheckMaxTimeTopic, SelfTestTopic, OffsetMovedTopic, TimerTopic:
		return &ForbiddenError{string(name)}
	}
	return nil
}

// Legal says whether a topic's or group's name has only letters, digits and %|_-.
func Legal[T ~string | ~[]byte](name T) bool {
	for i := range len(name) {
		if c := name[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '%' || c == '|' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// blank says whether name is empty or white space only. Java also counts Unicode's spaces; such a name is refused
// as illegal here.
func blank[T ~string | ~[]byte](name T) bool {
	for i := range len(name) {
		if c := name[i]; c != ' ' && (c < '\t' || c > '\r') && (c < 0x1C || c > 0x1F) {
			return false
		}
	}
	return true
}
