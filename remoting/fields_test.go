package remoting_test

import (
	"errors"
	"testing"

	"gantry/remoting"
)

func fieldsOf(keysAndValues ...string) remoting.Fields {
	var f remoting.Fields
	for i := 0; i < len(keysAndValues); i += 2 {
		f = append(f, remoting.Field{Key: []byte(keysAndValues[i]), Value: []byte(keysAndValues[i+1])})
	}
	return f
}

func TestTheReaderGivesTypedValues(t *testing.T) {
	r := fieldsOf("i", "-7", "l", "9223372036854775807", "m", "-9223372036854775808", "b", "TRUE", "s", "text").Reader()
	if r.Int32("i") != -7 || r.Int64("l") != 1<<63-1 || r.Int64("m") != -1<<63 || !r.Bool("b") || r.String("s") != "text" {
		t.Error("a value came out otherwise")
	}
	if r.OptInt32("none", 3) != 3 || r.OptInt64("none", 4) != 4 || r.OptBool("none") || r.OptString("none") != "" || r.Has("none") {
		t.Error("an absent value came out otherwise")
	}
	if r.Err() != nil {
		t.Errorf("error %v", r.Err())
	}
}

func TestTheFirstFailureSticks(t *testing.T) {
	r := fieldsOf("i", "2147483648", "j", "x").Reader()
	if r.Int32("i") != 0 || r.Int32("j") != 0 || r.Int32("missing") != 0 {
		t.Error("a failed read gave a value")
	}
	var bad *remoting.FieldError
	if !errors.As(r.Err(), &bad) || bad.Key != "i" {
		t.Errorf("error %v", r.Err())
	}
}

func TestAMissingFieldIsNamedAsJavaNamesIt(t *testing.T) {
	r := fieldsOf().Reader()
	r.String("topic")
	if r.Err() == nil || r.Err().Error() != "the custom field <topic> is null" {
		t.Errorf("error %v", r.Err())
	}
}
