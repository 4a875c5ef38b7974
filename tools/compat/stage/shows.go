package stage

import (
	"gantry/tools/compat/matrix"
	"gantry/tools/compat/server"
)

// routes are those that clients of a shape are given.
var routes = map[server.Shape]matrix.Route{
	server.Standalone: matrix.Gateway, server.Split: matrix.Gateway, server.Direct: matrix.Direct, server.Shared: matrix.Shared,
}

// Shows notes for the matrix, once the scenario has passed, that these APIs work with the client over the server's routes. Nothing is
// noted of the real server.
func (c *Client) Shows(apis ...matrix.API) {
	c.t.Helper()
	shaped, is := c.server.(interface{ Shape() server.Shape })
	if !is {
		return
	}
	c.t.Cleanup(func() {
		if c.t.Failed() {
			return
		}
		for _, api := range apis {
			c.stage.Matrix.Pass(api, c.Kind, routes[shaped.Shape()])
		}
	})
}
