package storenode

import (
	"errors"
	"log/slog"

	"gantry/remoting"
	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
)

// answer is a handler that knows its answer when it returns. An error becomes a
// response code in errorResponse, and nowhere else.
type answer func(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error)

// inline lets a answer before the connection's next request is read.
func inline(log *slog.Logger, a answer) remoting.Handler {
	return func(c *remoting.Command, to remoting.Responder) {
		response, err := a(c, to.Channel)
		if err != nil {
			response = errorResponse(log, c, to.Channel, err)
		}
		to.Reply(response)
	}
}

// errorResponse turns an error into an answer. What the client did wrong is told
// to it; what went wrong here is logged too.
func errorResponse(log *slog.Logger, c *remoting.Command, from *remoting.Channel, err error) *remoting.Response {
	var stated *protocol.Error
	if errors.As(err, &stated) {
		return &remoting.Response{Code: stated.Code, Remark: stated.Remark}
	}
	var field *remoting.FieldError
	var body *fastjson.SyntaxError
	if !errors.As(err, &field) && !errors.As(err, &body) {
		log.Error("request failed", "code", protocol.RequestName(c.Code), "remote_addr", from.Remote, "err", err)
	}
	return &remoting.Response{Code: protocol.SystemError, Remark: err.Error()}
}

var ok = &remoting.Response{}

// notSupported answers a code that no row of the table has.
func notSupported(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	return nil, protocol.Errorf(protocol.RequestCodeNotSupported, " request type %d not supported", c.Code)
}
