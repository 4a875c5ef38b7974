// Package protocol is what RocketMQ's requests say: request and response codes,
// the header of each message, and the bodies that are JSON. A message has one
// file, named after its code, with Decode beside Encode.
//
// It stands on remoting (frames and fields) and on nothing else of Gantry. It
// answers no request, opens no message body and knows no record: that is
// remoting/message. Unknown fields are ignored, so newer clients pass.
//
// Headers are decoded into strings of their own, except those of sends and
// pulls: their []byte fields borrow from the command and end with it.
package protocol
