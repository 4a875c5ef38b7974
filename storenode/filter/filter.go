// Package filter decides which messages a subscription wants: what a client subscribed to (Subscription), read from
// an expression (Parse) and made into a Matcher (Compile) that looks at a consume-queue entry's tagsCode and, where that
// does not decide, at the message's properties.
//
// Matching by tagsCode may say yes too often, never too seldom: clients compare the tag's text again. The package
// knows no queues and of a message its properties only. An expression type is one row of the table of compilers; sql
// reads SQL92.
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gantry/remoting/message"
	"gantry/storenode/filter/sql"
)

// Expression types (ExpressionType).
const (
	TypeTag   = "TAG"
	TypeSQL92 = "SQL92"
)

// All is the expression that wants every message.
const All = "*"

// Subscription is what a group wants of one topic (SubscriptionData). The codes a client computed are not kept: the
// Go client hashes otherwise than Java, so they are computed again from the tags.
type Subscription struct {
	Topic           string   `json:"topic"`
	Expression      string   `json:"subString"`
	Tags            []string `json:"tagsSet"`
	Version         int64    `json:"subVersion"`     // grows with each change; ms since 1970 from Java, ns from Go
	Type            string   `json:"expressionType"` // "" is TAG
	ClassFilterMode bool     `json:"classFilterMode"`
}

// IsTag says whether the expression is one of tags.
func (s *Subscription) IsTag() bool { return s.Type == "" || s.Type == TypeTag }

// Matcher decides which messages are wanted. It may be called concurrently.
type Matcher interface {
	// MatchTagsCode says whether a message with that tagsCode may be wanted.
	MatchTagsCode(tagsCode int64) bool
	// Properties decides about what MatchTagsCode lets through. It is nil where nothing is left to decide, so that no
	// record is read for it.
	Properties() func(message.Properties) (wanted bool)
}

// Everything wants every message.
func Everything() Matcher { return matchAll{} }

// TypeError says that an expression is of a type this node cannot filter by.
type TypeError struct{ Type string }

func (e *TypeError) Error() string {
	return fmt.Sprintf("messages are not filtered by expressions of type %q", e.Type)
}

// SyntaxError says that an expression cannot be read.
type SyntaxError struct {
	Type, Expression string
	Err              error // *sql.Error of a SQL92 expression
}

func (e *SyntaxError) Error() string {
	const most = 200 // of an expression that may be large
	return fmt.Sprintf("%s expression %.*q: %v", e.Type, most, e.Expression, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

var errNoTag = errors.New("no tag between the separators")

// compilers has a row per expression type.
var compilers = [...]struct {
	name    string
	compile func(*Subscription) (Matcher, error)
}{
	{TypeTag, compileTags},
	{TypeSQL92, compileSQL},
}

// Parse makes a subscription of an expression that came without one, in a pull or a client check (FilterAPI.build).
// Its version is 0. Errors: *TypeError, *SyntaxError.
func Parse(topic, expression, expressionType string) (Subscription, error) {
	s := Subscription{Topic: topic, Expression: expression, Type: expressionType}
	if !s.IsTag() {
		_, err := Compile(&s)
		return s, err
	}
	s.Type = TypeTag
	if expression == "" {
		s.Expression = All
	}
	tags, err := parseTags(s.Expression)
	s.Tags = tags
	return s, err
}

// Compile makes a subscription's matcher. Errors: *TypeError, *SyntaxError.
func Compile(s *Subscription) (Matcher, error) {
	expressionType := s.Type
	if expressionType == "" {
		expressionType = TypeTag
	}
	for _, c := range compilers {
		if c.name == expressionType {
			return c.compile(s)
		}
	}
	return nil, &TypeError{expressionType}
}

// compileTags follows ExpressionMessageFilter: everything for *, for nothing and for filter classes, which the
// client applies itself; else the codes of the tags.
func compileTags(s *Subscription) (Matcher, error) {
	if s.ClassFilterMode || s.Expression == All {
		return matchAll{}, nil
	}
	tags := s.Tags
	if len(tags) == 0 {
		var err error
		if tags, err = parseTags(s.Expression); err != nil {
			return nil, err
		}
	}
	if len(tags) == 0 && s.Expression == "" {
		return matchAll{}, nil
	}
	codes := make(matchCodes, 0, len(tags))
	for _, tag := range tags {
		codes = append(codes, message.JavaHash(tag))
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// parseTags splits "a || b" (FilterAPI.buildSubscriptionData). Error: *SyntaxError for an expression of nothing but
// separators, as in Java.
func parseTags(expression string) ([]string, error) {
	if expression == All || expression == "" {
		return nil, nil
	}
	var tags []string
	separators := true
	for part := range strings.SplitSeq(expression, "||") {
		separators = separators && part == ""
		tag := strings.TrimFunc(part, func(r rune) bool { return r <= ' ' })
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if separators {
		return nil, &SyntaxError{TypeTag, expression, errNoTag}
	}
	return tags, nil
}

func compileSQL(s *Subscription) (Matcher, error) {
	expression, err := sql.Parse(s.Expression)
	switch {
	case err != nil:
		return nil, &SyntaxError{TypeSQL92, s.Expression, err}
	case s.ClassFilterMode:
		return matchAll{}, nil
	}
	return matchExpression{expression.Matches}, nil
}

type matchAll struct{}

func (matchAll) MatchTagsCode(int64) bool { return true }

func (matchAll) Properties() func(message.Properties) bool { return nil }

// matchCodes are the sorted hashes of the wanted tags.
type matchCodes []int32

func (m matchCodes) MatchTagsCode(tagsCode int64) bool {
	_, found := slices.BinarySearch(m, int32(tagsCode))
	return found
}

func (m matchCodes) Properties() func(message.Properties) bool { return nil }

// matchExpression matches by properties alone.
type matchExpression struct{ matches func(message.Properties) bool }

func (matchExpression) MatchTagsCode(int64) bool { return true }

func (m matchExpression) Properties() func(message.Properties) bool { return m.matches }
