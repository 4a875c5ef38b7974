package keys

// Reasons that several rows share.
const (
	noPools      = "no request has a thread of its own; connections bound what is under way"
	noQueues     = "requests do not queue for threads; each connection bounds what is under way"
	noNetty      = "Go's network library has nothing of the kind"
	noAging      = "requests do not wait for threads, so none grows too old"
	noReader     = "RocketMQ 4.9 itself does not read it"
	noCommerce   = "it counts for a commercial edition"
	noMapping    = "the log is written by pwrite, not through mapped memory"
	noFilterBits = "filters look at each message; nothing is calculated beforehand"
	noLmq        = "light message queues and multi-dispatch are not in this release"
	noFailover   = "automatic failover is not in this release"
)
