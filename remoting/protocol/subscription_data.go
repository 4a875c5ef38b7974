package protocol

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Expression types of a subscription.
const (
	ExpressionTag   = "TAG"
	ExpressionSQL92 = "SQL92"
)

// SubscriptionData is what a group wants of a topic. What is decoded can be
// encoded again: tools are shown it (code 203).
type SubscriptionData struct {
	ClassFilterMode bool        `json:"classFilterMode"`
	CodeSet         CodeSet     `json:"codeSet"`        // hashes of TagsSet as the client makes them; Go hashes UTF-8, Java UTF-16
	ExpressionType  string      `json:"expressionType"` // ExpressionTag where absent
	SubString       string      `json:"subString"`      // "*", "a || b", or an SQL92 expression
	SubVersion      int64       `json:"subVersion"`     // grows with each change; ms from Java, ns from Go
	TagsSet         Set[string] `json:"tagsSet"`
	Topic           string      `json:"topic"`
}

// UnmarshalJSON reads one subscription; absent and null sets are empty.
func (s *SubscriptionData) UnmarshalJSON(text []byte) error {
	type plain SubscriptionData
	*s = SubscriptionData{ExpressionType: ExpressionTag}
	return json.Unmarshal(text, (*plain)(s))
}

// CodeSet is hashes of tags: numbers from Java, texts holding numbers from Go.
type CodeSet []int32

// MarshalJSON writes numbers, and [] for nil.
func (c CodeSet) MarshalJSON() ([]byte, error) { return Set[int32](c).MarshalJSON() }

// UnmarshalJSON reads either kind.
func (c *CodeSet) UnmarshalJSON(text []byte) error {
	var numbers []json.Number
	if err := json.Unmarshal(text, &numbers); err != nil {
		return err
	}
	*c = nil
	for _, n := range numbers {
		code, err := strconv.ParseInt(n.String(), 10, 32)
		if err != nil {
			return fmt.Errorf("tag code: %w", err)
		}
		*c = append(*c, int32(code))
	}
	return nil
}
