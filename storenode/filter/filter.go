// Package filter decides which messages a subscription wants: what a client subscribed to (Subscription), read from
// an expression (Parse) and made into a Matcher (Compile) that looks at a consume-queue entry's tagsCode.
//
// Matching by tagsCode may say yes too often, never too seldom: clients compare the tag's text again. The package
// knows no messages and no queues. An expression type is one row of the table of compilers.
package filter

import (
	"fmt"
	"slices"
	"strings"

	"gantry/remoting/message"
)

// TypeTag is the expression type of tags (ExpressionType).
const TypeTag = "TAG"

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

// Matcher decides by a consume-queue entry. It may be called concurrently.
type Matcher interface {
	// MatchTagsCode says whether a message with that tagsCode may be wanted.
	MatchTagsCode(tagsCode int64) bool
}

// TypeError says that an expression is of a type this node cannot filter by.
type TypeError struct{ Type string }

func (e *TypeError) Error() string {
	return fmt.Sprintf("messages are not filtered by expressions of type %q", e.Type)
}

// SyntaxError says that an expression cannot be read.
type SyntaxError struct {
	Type, Expression string
	Reason           string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s expression %q: %s", e.Type, e.Expression, e.Reason)
}

// compilers has a row per expression type.
var compilers = [...]struct {
	name    string
	compile func(*Subscription) (Matcher, error)
}{
	{TypeTag, compileTags},
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
		return nil, &SyntaxError{TypeTag, expression, "no tag between the separators"}
	}
	return tags, nil
}

type matchAll struct{}

func (matchAll) MatchTagsCode(int64) bool { return true }

// matchCodes are the sorted hashes of the wanted tags.
type matchCodes []int32

func (m matchCodes) MatchTagsCode(tagsCode int64) bool {
	_, found := slices.BinarySearch(m, int32(tagsCode))
	return found
}
