// Package acl signs a client's requests as stock clients do (AclClientRPCHook):
// HMAC-SHA1 over the values of all header fields, in the order of their names, and
// the body. It verifies nothing and reads no file of keys.
package acl

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"slices"

	"gantry/remoting"
)

// Names of the fields that a signature adds to a request (SessionCredentials).
const (
	accessKey     = "AccessKey"
	securityToken = "SecurityToken"
	signature     = "Signature"
)

// Credentials are who signs, and by what.
type Credentials struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string // "": none
}

// Sign adds the fields of the signature to r, which must not change afterwards.
func (c Credentials) Sign(r *remoting.Request) {
	signed := signedHeader{header: r.Header, credentials: c}
	signed.signature = c.signatureOf(fieldsOf(signed), r.Body)
	r.Header = signed
}

// fieldsOf are a header's fields as a server will read them.
func fieldsOf(h remoting.Header) remoting.Fields {
	var d remoting.Decoder
	var c remoting.Command
	frame := remoting.AppendRequest(nil, 0, &remoting.Request{Header: h, Kind: remoting.ROCKETMQ})
	if err := d.Decode(frame, &c); err != nil {
		panic("BUG: a header that cannot be read again: " + err.Error())
	}
	return c.Ext
}

func (c Credentials) signatureOf(fields remoting.Fields, body []byte) string {
	slices.SortFunc(fields, func(a, b remoting.Field) int { return bytes.Compare(a.Key, b.Key) })
	mac := hmac.New(sha1.New, []byte(c.SecretKey))
	for _, f := range fields {
		mac.Write(f.Value)
	}
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedHeader is a header with the fields of a signature behind its own; the
// signature itself is missing while it is made.
type signedHeader struct {
	header      remoting.Header
	credentials Credentials
	signature   string
}

// Encode implements remoting.Header.
func (h signedHeader) Encode(w *remoting.FieldWriter) {
	if h.header != nil {
		h.header.Encode(w)
	}
	w.String(accessKey, h.credentials.AccessKey)
	w.OptString(securityToken, h.credentials.SecurityToken)
	w.OptString(signature, h.signature)
}
