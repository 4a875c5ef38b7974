package protocol

import "fmt"

// Error is an answer other than success, as a value: what a handler returns to
// have it sent, and what a caller gets who asked. Whatever else goes wrong is
// answered as SystemError in one place.
type Error struct {
	Code   int32  // a response code
	Remark string // told to the client as it stands
}

func (e *Error) Error() string {
	if e.Remark == "" {
		return fmt.Sprintf("%s (%d)", ResponseName(e.Code), e.Code)
	}
	return fmt.Sprintf("%s (%d): %s", ResponseName(e.Code), e.Code, e.Remark)
}

// Errorf is an *Error with a formatted remark.
func Errorf(code int32, format string, args ...any) *Error {
	return &Error{Code: code, Remark: fmt.Sprintf(format, args...)}
}
