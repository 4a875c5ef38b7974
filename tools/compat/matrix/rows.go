package matrix

import "gantry/tools/compat/agent"

// The rows.
const (
	SendSync       API = "send, synchronous"
	SendAsync      API = "send, asynchronous"
	SendOneway     API = "send, oneway"
	SendToQueue    API = "send to one queue"
	SendBySelector API = "send by a queue selector"
	SendBatch      API = "send a batch"
	SendCompressed API = "send a body that the client compresses"
	SendVIP        API = "send and consume with the VIP channel"
	CreateBySend   API = "create a topic by sending to it"
	CreateTopic    API = "create a topic"

	Transactions      API = "transactions: commit and rollback"
	TransactionChecks API = "transactions: the producer is asked"

	OrderedGlobally API = "ordered consumption of one queue"
	OrderedPerKey   API = "ordered consumption per key"
	DelayLevels     API = "delay levels"
	Timers          API = "messages with a time of their own"

	PushClustering   API = "push, clustering: members share queues"
	PushBroadcasting API = "push, broadcasting"
	Tags             API = "push, tags"
	SQLPush          API = "push, SQL92"
	SQLPull          API = "pull, SQL92"
	SQLLite          API = "lite pull, SQL92"
	Retry            API = "retry of failed messages"
	DeadLetters      API = "dead-letter queue, and consuming from it"

	Pull          API = "pull from an offset"
	PullWaiting   API = "pull, waiting at the server"
	PullPlace     API = "pull, the group's place kept"
	LiteSubscribe API = "lite pull, subscribe"
	LiteAssign    API = "lite pull, assign and seek"
	LitePull361   API = "lite pull by code 361"

	RequestReply API = "request and reply"
	Namespaces   API = "namespaces"
	TraceSend    API = "trace of sends"
	TraceConsume API = "trace of consumption"

	QueryByOffsetID API = "query by offset id"
	QueryByUniqueID API = "query by unique id"
	QueryByKey      API = "query by key"
	QueueOffsets    API = "offsets of a queue, and search by time"
	ResetByTime     API = "offsets of an online group reset by time"
	ConsumeStats    API = "consume stats of a group"
	RunningInfo     API = "running info of a member"
	ConsumeDirectly API = "one message consumed directly"
)

// Why a client lacks an API.
const (
	noSuchCall = "The client has no such call."
	noVIP      = "The client has the option and does not read it."
	pollsTags  = "The client's polls say TAG, whatever its expression is."
	by11       = "The client polls with code 11."
	tracesNone = "The client tells nothing of what it consumes, beside the real broker either."
	namesNone  = "The request names no shard. It is refused with the remedy: tools ask at the shard's own port."
)

// lack is a client that lacks an API on a route, or on all of them ("").
type lack struct {
	kind  agent.Kind
	route Route
	why   string
}

// row is an API, and who lacks it for what reason.
type row struct {
	api   API
	lacks []lack
}

// why is the reason why an API has no place in a column, "" where it has.
func (r row) why(c Column) string {
	for _, l := range r.lacks {
		if l.kind == c.Kind && (l.route == "" || l.route == c.Route) {
			return l.why
		}
	}
	return ""
}

func goLacks(why string) []lack { return []lack{{agent.Go212, "", why}} }

func rows() []row {
	return []row{
		{SendSync, nil}, {SendAsync, nil}, {SendOneway, nil}, {SendToQueue, nil}, {SendBySelector, nil}, {SendBatch, nil}, {SendCompressed, nil},
		{SendVIP, goLacks(noVIP)},
		{CreateBySend, nil}, {CreateTopic, []lack{{agent.Java498, Shared, namesNone}, {agent.Java532, Shared, namesNone}}},
		{Transactions, nil}, {TransactionChecks, nil},
		{OrderedGlobally, nil}, {OrderedPerKey, nil}, {DelayLevels, nil}, {Timers, nil},
		{PushClustering, nil}, {PushBroadcasting, nil}, {Tags, nil}, {SQLPush, nil}, {Retry, nil}, {DeadLetters, nil},
		{Pull, nil}, {PullWaiting, nil}, {PullPlace, nil}, {SQLPull, nil},
		{LiteSubscribe, nil}, {LiteAssign, goLacks(noSuchCall)}, {SQLLite, goLacks(pollsTags)},
		{LitePull361, []lack{{agent.Java460, "", by11}, {agent.Java498, "", by11}, {agent.Go212, "", by11}}},
		{RequestReply, nil}, {Namespaces, nil},
		{TraceSend, nil}, {TraceConsume, []lack{{agent.Java532, "", tracesNone}}},
		{QueryByOffsetID, goLacks(noSuchCall)}, {QueryByUniqueID, goLacks(noSuchCall)}, {QueryByKey, goLacks(noSuchCall)},
		{QueueOffsets, goLacks(noSuchCall)}, {ResetByTime, nil}, {ConsumeStats, nil}, {RunningInfo, nil}, {ConsumeDirectly, nil},
	}
}

// Columns are those of the table.
func Columns() []Column {
	return []Column{
		{agent.Java460, Gateway}, {agent.Java460, Direct},
		{agent.Java498, Gateway}, {agent.Java498, Direct}, {agent.Java498, Shared},
		{agent.Java532, Gateway}, {agent.Java532, Direct}, {agent.Java532, Shared},
		{agent.Go212, Gateway}, {agent.Go212, Direct},
	}
}

// titles are what the clients are called in the table.
var titles = map[agent.Kind]string{agent.Java460: "4.6.0", agent.Java498: "4.9.8", agent.Java532: "5.3.2", agent.Go212: "Go 2.1.2"}
