package record

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"gantry/tools/compat/wire"
)

// mostBytes bounds a kept frame; bigger ones teach a decoder nothing more.
const mostBytes = 8 << 10

// Collection keeps one frame a kind: the longest that is not too long, because it says most.
type Collection struct {
	mu     sync.Mutex // guards byName
	byName map[string]*wire.Frame
}

// NewCollection is empty.
func NewCollection() *Collection { return &Collection{byName: map[string]*wire.Frame{}} }

// Keep takes a frame if it is wanted. Recorders call it concurrently.
func (c *Collection) Keep(k Kept) {
	name, known := fileName(k)
	if !known || k.Version == wire.AskVersion || len(k.Frame.Raw) > mostBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.byName[name]; last == nil || len(last.Raw) < len(k.Frame.Raw) {
		c.byName[name] = k.Frame
	}
}

// has says whether a frame of that file name was kept.
func (c *Collection) has(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byName[name] != nil
}

// WriteFiles writes every kept frame into dir, a file each, and reports how many.
func (c *Collection) WriteFiles(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, fmt.Errorf("make the folder of frames: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, frame := range c.byName {
		if err := os.WriteFile(filepath.Join(dir, name), frame.Raw, 0o666); err != nil {
			return 0, fmt.Errorf("write a frame: %w", err)
		}
	}
	return len(c.byName), nil
}

// fileName is <client>-<code>-<name>-{request,reply}.frame, with the code of a reply that is not 0 after its name.
func fileName(k Kept) (name string, wanted bool) {
	request, known := names()[k.Code]
	choice, chosen := choices()[k.Label]
	if !known || !chosen {
		return "", false
	}
	if !k.Reply {
		return fmt.Sprintf("%s-%d-%s-request.frame", k.Label, k.Code, request), choice.requests.has(k.Code)
	}
	if k.Result != 0 {
		request = fmt.Sprintf("%s_code%d", request, k.Result)
	}
	wanted = choice.replies.has(k.Code) && (k.Result == 0 || slices.Contains(refusals()[k.Code], k.Result))
	return fmt.Sprintf("%s-%d-%s-reply.frame", k.Label, k.Code, request), wanted
}

// codes are the codes to keep; nil keeps all that have a name.
type codes []int

func (c codes) has(code int) bool { return c == nil || slices.Contains(c, code) }

type choice struct{ requests, replies codes }

// choices say what is kept of each client: all of the oldest, and of the others what they say differently. Replies are the real
// server's alone, so the others' are kept only where it looks at the asker.
func choices() map[string]choice {
	byAsker := codes{34, 41, 105}
	return map[string]choice{
		"java460":       {},
		"java460v1":     {requests: codes{10}, replies: codes{10}},
		"java498":       {requests: codes{11, 14, 34, 36, 38, 41, 105, 310, 320}, replies: codes{105}},
		"java532":       {requests: codes{11, 12, 14, 15, 17, 30, 33, 34, 35, 36, 38, 41, 42, 46, 105, 310, 320, 361}, replies: byAsker},
		"go212":         {requests: codes{10, 11, 14, 15, 34, 36, 38, 41, 42, 105, 320}, replies: byAsker},
		"java498binary": {requests: codes{11, 14, 15, 34, 36, 38, 40, 41, 105, 310, 320}, replies: codes{11, 14, 33, 34, 38, 41, 105, 310}},
		"mqadmin497":    {requests: codes{106, 200}, replies: codes{106, 200}},
		"broker497":     {},
		"mqadmin533":    {requests: codes{106}, replies: codes{105, 106}},
		"broker533":     {},
	}
}

// refusals are the codes other than 0 that a reply is kept with: those that every recording meets.
func refusals() map[int][]int { return map[int][]int{11: {19, 20, 21}, 105: {17}} }

// names are the codes whose frames are kept.
func names() map[int]string {
	return map[int]string{
		10:  "send_message",
		11:  "pull_message",
		12:  "query_message",
		14:  "query_consumer_offset",
		15:  "update_consumer_offset",
		17:  "update_and_create_topic",
		29:  "search_offset_by_timestamp",
		30:  "get_max_offset",
		31:  "get_min_offset",
		32:  "get_earliest_msg_storetime",
		33:  "view_message_by_id",
		34:  "heart_beat",
		35:  "unregister_client",
		36:  "consumer_send_msg_back",
		38:  "get_consumer_list_by_group",
		40:  "notify_consumer_ids_changed",
		41:  "lock_batch_mq",
		42:  "unlock_batch_mq",
		46:  "check_client_config",
		103: "register_broker",
		104: "unregister_broker",
		105: "get_routeinfo_by_topic",
		106: "get_broker_cluster_info",
		200: "update_and_create_subscriptiongroup",
		217: "register_topic_in_namesrv",
		310: "send_message_v2",
		320: "send_batch_message",
		322: "query_data_version",
		361: "lite_pull_message",
		901: "get_broker_member_group",
		904: "broker_heartbeat",
	}
}
