package xcheck

// Steps that differ in one way, and reasons that more than one row gives.
const (
	withoutRequired = "route/no-* cluster/*-no-* kv/put-no-value register/no-address send/*no-fields send/code-says-* send-field/*-without-* " +
		"heartbeat/leave-no-id pull-refused/no-* offset/no-group look-up/no-key topic-at-ns/delete-without-topic"
	unknownToNameServer = "cluster/unknown-code frame-to-name-server/header-of-bare-object frame-to-name-server/code-* " +
		"frame-to-name-server/rocketmq-header-no-fields"
	deletedAndRenewed = "topic-at-ns/route-deleted-and-renewed"
	ofRelease5        = "release5/heartbeat release5/member-group release5/single-topic"
	brokenBatch       = "batch/empty batch/truncated batch/garbage batch/four-bytes"
	nobodyToGo        = "heartbeat/members-before heartbeat/members-unknown"
	refuseMissing     = "4.9.7 does not check required fields: it goes on with null, which ends well, in a wrong answer or in an exception. " +
		"Gantry refuses and names the field. Java and Go clients send them all."
	answerUnknown = "4.9.7's name server does not answer an unknown code, so that the client waits for its timeout and 4.9 closes " +
		"the connection. Gantry answers as a broker does."
	deletedComesBack = "A topic that a broker still has comes back with its next registration, as with 5.3.3. 4.9.7 looks at the data version " +
		"alone, and so never hears of topics that were there when a broker told of one new topic to a name server that had just started."
	answerRelease5 = "5.x brokers send these codes; Gantry answers as the name server 5.3.3 does. To 4.9.7's they are unknown."
	brokerSettings = "Gantry tells the keys that it goes by, its own among them; what both have is compared."
	ownSettings    = "The settings are each server's own; orderMessageEnable, which both have, is compared."
	refuseSetting  = "Gantry refuses a key that it does not know or that has no effect while it runs. 4.9.7 ignores it and reports success."
	refuseBatch    = "4.9.7 ends in an exception inside, answered with a code on which clients send the same again. Gantry says " +
		"MESSAGE_ILLEGAL, on which they do not."
	silentToGo = "Where nobody of the group is known the Go client gets no answer, since v2.1.2 gives up all its queues on any. Java " +
		"clients get 4.9.7's answer."
	wantedNone    = "Fewer than one message wanted counts as one. So does 4.9.7 at 0; a negative number ends in an exception there."
	ownCodes      = "Tags are hashed by Gantry from the names. Codes of clients are not trusted, since Go's differ from Java's beyond ASCII."
	singleQuote   = "A header is JSON; that 4.9.7's parser takes more is used by no client."
	zeroIfNone    = "5.x clients say setZeroIfNotFound=false and rely on it. 4.9.7 knows no such field."
	noRecord      = "Gantry gives out no bytes that are no record. 4.9.7 takes the four bytes at that place for a length."
	undecided     = "Who asks for an answer gets one. 4.9.7 answers nobody who neither commits nor rolls back."
	transactionID = "The answer to a half message has the transaction's id, as that of 5.x."
	ownReasons    = "Both refuse with the same code; Gantry says in its own words what is wrong where, 4.9.7 in those of its parser."
	newestCounts  = "The newest heartbeat's expression counts. 4.9.7 goes on for a day with one of a higher version that the group had before its " +
		"last member left, and keeps messages back that are wanted now."
)

// Accepted lists the differences between Gantry and RocketMQ 4.9.7 that are on purpose. docs/compatibility.md holds the
// same as a table.
func Accepted() []Acceptance {
	return []Acceptance{
		{"send/transactional transaction/half-*", "ext.transactionId", Absent, "*", transactionID},
		{"transaction/plain-message", "remark", "*", "Find prepared transaction message failed: *", "4.9.7 ends in an exception inside. Gantry says what is wrong."},
		{"transaction/undecided-0", "answer", "none", "reply", undecided},
		{"transaction/undecided-0", "code header", Absent, "*", undecided},
		{"*", "body.records.*.propertiesBytes", "*", "*", "The property text is stored in the client's order and closed by a separator. " +
			"4.9.7 writes it anew from a hash map, in another order and without the last separator. The pairs are the same."},
		{"stored/batch pull-subscribed/newly-subscribed back/read-* delay/*arrived transaction/read", "body.records.*.properties.WAIT", "*", Absent,
			"WAIT says how that one send is acknowledged. 4.9.7 removes it from plain messages only, Gantry from all."},
		{"back/read-dlq back/read-least-fields", "body.records.*.properties.DELAY", "0", Absent,
			"A message in a dead-letter queue has no delay. 4.9.7 writes that as level 0."},
		{"*", "remark", "*", "the custom field <*> is null", refuseMissing},
		{withoutRequired, "code", "*", "1", refuseMissing},
		{withoutRequired, "ext.* body*", "*", Absent, refuseMissing},
		{"*", "remark", "*", "the custom field <*> is not a number*", "Both refuse; Gantry names the field."},
		{"register/garbage-* group/* heartbeat/* lock/* unlock/* check/* pair/version-without-body", "remark", "*", "*decode *",
			"Both refuse a body that is no JSON; 4.9.7 tells its parser's words, or its exception's where there is no body."},
		{"topic/* transaction/rollback* tools/reset-* tools/status-*", "remark", "not set any response code", Absent,
			"4.9.7 does not clear its default remark when a topic was made, a message rolled back, a group moved or its members asked."},
		{"reply/read", "body.records.*.sysFlag", "0", "1", "A stored reply keeps its sysFlag: a compressed body cannot be read without it. 4.9.7 stores 0."},
		{"send-field/v2-rocketmq-header-bad pull-refused/no-topic-rocketmq-header view/rocketmq-header look-up/rocketmq-header", "header", "JSON", "ROCKETMQ",
			"Gantry answers in the header kind of the request, always. 4.9.7 answers codes 12 and 33, and exceptions, in JSON."},
		{unknownToNameServer, "answer", unanswered, answered, answerUnknown},
		{unknownToNameServer, "code", Absent, "3", answerUnknown},
		{unknownToNameServer, "header", Absent, "*", answerUnknown},
		{unknownToNameServer, "remark", Absent, "* not supported", answerUnknown},
		{deletedAndRenewed, "code", "17", "0", deletedComesBack},
		{deletedAndRenewed, "remark", "*", Absent, deletedComesBack},
		{deletedAndRenewed, "body.*", Absent, "*", deletedComesBack},
		{ofRelease5, "answer", unanswered, answered, answerRelease5},
		{ofRelease5, "code header body.*", Absent, "*", answerRelease5},
		{"setting/get*", "body.*", "*", Absent, ownSettings},
		{"setting/get*", "body.*", Absent, "*", ownSettings},
		{"setting/get*", "body.listenPort", "*", "*", "Two servers of one machine listen at two ports."},
		{"broker-setting/get*", "body.*", "*", Absent, brokerSettings},
		{"broker-setting/get*", "body.*", Absent, "*", brokerSettings},
		{"broker-setting/get*", "body.brokerIP2 body.haListenPort body.listenPort body.namesrvAddr body.registerNameServerPeriod body.storePathCommitLog body.storePathRootDir", "*", "*",
			"Where a server is, and how often the comparison has it register, is its own."},
		{"setting/unknown-key broker-setting/unknown-key", "code", "0", "1", refuseSetting},
		{"setting/unknown-key broker-setting/unknown-key", "remark", Absent, "nobodysKey: *", refuseSetting},
		{"setting/bad-escape broker-setting/bad-escape", "remark", "string2Properties error", "string2Properties error: *", "Gantry says which line it cannot read, and why."},
		{brokenBatch, "code", "1", "13", refuseBatch},
		{brokenBatch, "remark", "*", "*batch *", refuseBatch},
		{brokenBatch, "ext.MSG_REGION ext.TRACE_ON", Absent, "*", refuseBatch},
		{nobodyToGo, "answer", answered, unanswered, silentToGo},
		{nobodyToGo, "code header remark", "*", Absent, silentToGo},
		{"pull/negative-number-wanted", "code", "1", "0", wantedNone},
		{"pull/negative-number-wanted", "remark", "*", "FOUND", wantedNone},
		{"pull/negative-number-wanted", "ext.* body.*", Absent, "*", wantedNone},
		{"pull-subscribed/with-wrong-codes", "code", "20", "0", ownCodes},
		{"pull-subscribed/with-wrong-codes", "remark", "NO_MATCHED_MESSAGE", "FOUND", ownCodes},
		{"pull-subscribed/with-wrong-codes", "body.*", Absent, "*", ownCodes},
		{"filter/check-refused-* check/bad-sql check/unknown-type", "remark", "*", "*expression*", ownReasons},
		{"filter/pull-after-absence", "body.records.*", "*", "*", newestCounts},
		{"offset/set-zero-false", "code", "0", "22", zeroIfNone},
		{"offset/set-zero-false", "remark", Absent, "Not found*", zeroIfNone},
		{"offset/set-zero-false", "ext.offset", "0", Absent, zeroIfNone},
		{"unlock/empty-object check/no-body", "code", "1", "0", "Nothing to unlock or to check is no error. 4.9.7 ends in an exception."},
		{"unlock/empty-object check/no-body", "remark", "*", Absent, "Nothing to unlock or to check is no error. 4.9.7 ends in an exception."},
		{"view/inside-a-record", "code", "0", "1", noRecord},
		{"view/inside-a-record", "remark", Absent, "can not find message*", noRecord},
		{"view/inside-a-record", "body*", "*", Absent, noRecord},
		{"*/single-quotes-in-header", "answer", answered, cutOff, singleQuote},
		{"*/single-quotes-in-header", "*", "*", Absent, singleQuote},
	}
}
