package bench

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// Facts are what a system's figures mean little without. "" and 0 stand for what is not known.
type Facts struct {
	Version       string `json:"version"`
	FlushDiskType string `json:"flushDiskType"` // what an acknowledgement waits for
	BrokerRole    string `json:"brokerRole"`
	Copies        int    `json:"copies"`
	Source        string `json:"source"` // of durability: asked (codes 26 and 105) or stated by who started it
}

const (
	factsAsked  = "asked"
	factsStated = "stated"
	factsBound  = 3 * time.Second
)

// String says it in one line.
func (f Facts) String() string {
	if f.FlushDiskType == "" && f.BrokerRole == "" {
		return fmt.Sprintf("%s, durability unknown", known(f.Version))
	}
	copies := "copies unknown"
	if f.Copies > 0 {
		copies = fmt.Sprintf("copies: %d", f.Copies)
	}
	return fmt.Sprintf("%s, %s, %s, %s (%s)", known(f.Version), known(f.FlushDiskType), known(f.BrokerRole), copies, f.Source)
}

// learn asks the system behind name servers for what it is; what it does not answer remains as it is stated.
func (stated Facts) learn(ctx context.Context, namesrv string) Facts {
	f := stated
	f.Source = factsStated
	ctx, cancel := context.WithTimeout(ctx, factsBound)
	defer cancel()
	c, err := client.Open(client.Config{Namesrv: strings.Split(namesrv, ";")})
	if err != nil {
		return f
	}
	defer c.Close()
	route, err := c.FetchRoute(ctx, defaultTopic)
	if err != nil || len(route.Data.BrokerDatas) == 0 {
		return f
	}
	master := route.Data.BrokerDatas[0].BrokerAddrs[0]
	if answer, err := c.Call(ctx, master, &remoting.Request{Code: protocol.GetBrokerConfig}); err == nil {
		settings := string(answer.Body)
		f.FlushDiskType, f.BrokerRole = cmp.Or(setting(settings, "flushDiskType"), f.FlushDiskType), cmp.Or(setting(settings, "brokerRole"), f.BrokerRole)
		f.Copies, f.Source = len(route.Data.BrokerDatas[0].BrokerAddrs), factsAsked
	}
	if answer, err := c.Call(ctx, master, &remoting.Request{Code: protocol.GetBrokerRuntimeInfo}); err == nil && f.Version == "" {
		var says protocol.KVTable
		if says.Decode(answer.Body) == nil {
			f.Version = says.Table["brokerVersionDesc"]
		}
	}
	return f
}

// setting is a key's value in a properties text as brokers print it.
func setting(text, key string) string {
	for line := range bytes.Lines([]byte(text)) {
		if name, value, found := strings.Cut(string(line), "="); found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
