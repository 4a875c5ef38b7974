package acl

import (
	"testing"

	"gantry/remoting"
)

// shuffled is a header that writes its fields in no order.
type shuffled struct{}

func (shuffled) Encode(w *remoting.FieldWriter) {
	w.Int("b", 2)
	w.String("empty", "")
	w.String("a", "1")
}

// The signatures are those of `openssl dgst -sha1 -hmac 12345678 -binary | base64`
// over the values in the order of their names, and the body.
func TestASignatureCoversAllFieldsAndTheBody(t *testing.T) {
	for name, c := range map[string]struct {
		token string
		kind  remoting.HeaderKind
		want  string
	}{
		"JSON":         {"", remoting.JSON, "dS8UHsDCgw7PSsdtWL04ZJXVOnQ="},     // rocketmq2 1 2 body
		"ROCKETMQ":     {"", remoting.ROCKETMQ, "dS8UHsDCgw7PSsdtWL04ZJXVOnQ="}, // the same
		"with a token": {"TOK", remoting.JSON, "nEHQQJHtI955vrrdq8OT/fLGavc="},  // rocketmq2 TOK 1 2 body
	} {
		r := remoting.Request{Code: 10, Header: shuffled{}, Body: []byte("body"), Kind: c.kind}
		Credentials{AccessKey: "rocketmq2", SecretKey: "12345678", SecurityToken: c.token}.Sign(&r)
		var d remoting.Decoder
		var sent remoting.Command
		if err := d.Decode(remoting.AppendRequest(nil, 1, &r), &sent); err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]string{"AccessKey": "rocketmq2", "Signature": c.want, "SecurityToken": c.token, "a": "1", "b": "2"} {
			if got, _ := sent.Ext.Get(field); string(got) != want {
				t.Errorf("%s: field %s is %q, want %q", name, field, got, want)
			}
		}
		if string(sent.Body) != "body" {
			t.Errorf("%s: body %q", name, sent.Body)
		}
	}
}

func TestARequestWithoutHeaderIsSignedToo(t *testing.T) {
	r := remoting.Request{Code: 34}
	Credentials{AccessKey: "rocketmq2", SecretKey: "12345678"}.Sign(&r)
	fields := fieldsOf(r.Header)
	if got, found := fields.Get("Signature"); !found || len(got) != 28 {
		t.Errorf("signature %q", got)
	}
}
