// Package remoting is RocketMQ's wire: frames with JSON or ROCKETMQ headers,
// commands, and connections that carry requests, replies and oneways in both
// directions.
//
// It knows bytes, not meaning: what a code asks for and which fields its header
// has is in remoting/protocol; what a record holds is in remoting/message.
// It never decides where a request goes, and it opens no message body.
package remoting
