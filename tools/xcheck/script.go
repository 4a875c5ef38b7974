package xcheck

import (
	"slices"
	"strconv"
	"strings"
)

// Script is everything that is asked, in order: later parts read what earlier ones stored.
func Script() []Step {
	return slices.Concat(
		routeSteps(), clusterSteps(), configurationSteps(), registrationSteps(),
		topicSteps(), sendSteps(), sendFieldSteps(), topicNameSteps(), propertySteps(), batchSteps(),
		heartbeatSteps(), pullSteps(), pullRefusalSteps(), pullSubscriptionSteps(), heldPullSteps(), storedSteps(),
		offsetSteps(), queueOffsetSteps(), lockSteps(), toolSteps(), brokerSettingSteps(), replySteps(),
		retrySteps(), delaySteps(), transactionSteps(), lookUpSteps(), filterSteps(),
		frameSteps(), absentSteps(), lastSteps(), nameServerSteps(),
	)
}

// Request codes, by RocketMQ's names.
const (
	sendMessage                     = 10
	pullMessage                     = 11
	queryMessage                    = 12
	queryConsumerOffset             = 14
	updateConsumerOffset            = 15
	updateAndCreateTopic            = 17
	updateBrokerConfig              = 25
	getBrokerConfig                 = 26
	searchOffsetByTimestamp         = 29
	getMaxOffset                    = 30
	getMinOffset                    = 31
	getEarliestMsgStoretime         = 32
	viewMessageByID                 = 33
	heartBeat                       = 34
	unregisterClient                = 35
	consumerSendMsgBack             = 36
	getConsumerListByGroup          = 38
	notifyConsumerIDsChanged        = 40
	lockBatchMQ                     = 41
	unlockBatchMQ                   = 42
	checkClientConfig               = 46
	putKVConfig                     = 100
	getKVConfig                     = 101
	deleteKVConfig                  = 102
	registerBroker                  = 103
	unregisterBroker                = 104
	getRouteInfoByTopic             = 105
	getBrokerClusterInfo            = 106
	updateAndCreateGroup            = 200
	getTopicStatsInfo               = 202
	getConsumerConnectionList       = 203
	getProducerConnectionList       = 204
	wipeWritePermOfBroker           = 205
	getAllTopicListFromNS           = 206
	getConsumeStats                 = 208
	deleteTopicInNamesrv            = 216
	registerTopicInNamesrv          = 217
	getKVListByNamespace            = 219
	resetConsumerClientOffset       = 220
	invokeBrokerToResetOffset       = 222
	invokeBrokerToGetConsumerStatus = 223
	getTopicsByCluster              = 224
	queryTopicConsumeByWho          = 300
	queryConsumeTimeSpan            = 303
	getSystemTopicListFromNS        = 304
	getConsumerRunningInfo          = 307
	queryCorrectionOffset           = 308
	consumeMessageDirectly          = 309
	sendMessageV2                   = 310
	getUnitTopicList                = 311
	getHasUnitSubTopicList          = 312
	getHasUnitSubUnUnitTopicList    = 313
	cloneGroupOffset                = 314
	updateNamesrvConfig             = 318
	getNamesrvConfig                = 319
	sendBatchMessage                = 320
	queryDataVersion                = 322
	sendReplyMessage                = 324
	sendReplyMessageV2              = 325
	pushReplyMessageToClient        = 326
	addWritePermOfBroker            = 327
	litePullMessage                 = 361 // which came with 5.x
	getBrokerMemberGroup            = 901
	brokerHeartbeat                 = 904
	nobodysCode                     = 7777
)

// bornMillis is the birth of every message of the script; it lies long before any run.
const bornMillis = "1500000000000"

// v2 is a send in the short header (310) to queue 0 of a topic that is made from TBW102 with up to four queues.
func v2(topic string) Fields {
	return fields("a", "${run}_producer", "b", topic, "c", "TBW102", "d", "4", "e", "0", "f", "0", "g", bornMillis,
		"h", "0", "i", "", "j", "0", "k", "false", "m", "false")
}

// v1 is the same in the long header (10).
func v1(topic string) Fields {
	return fields("producerGroup", "${run}_producer", "topic", topic, "defaultTopic", "TBW102", "defaultTopicQueueNums", "4",
		"queueId", "0", "sysFlag", "0", "bornTimestamp", bornMillis, "flag", "0", "properties", "", "reconsumeTimes", "0",
		"unitMode", "false", "batch", "false")
}

// pull asks for up to 32 messages of queue 0 under a subscription to all tags in the request itself.
func pull(topic, offset string) Fields {
	return fields("consumerGroup", "${run}_reader", "topic", topic, "queueId", "0", "queueOffset", offset, "maxMsgNums", "32",
		"sysFlag", "4", "commitOffset", "0", "suspendTimeoutMillis", "0", "subscription", "*", "subVersion", "0",
		"expressionType", "TAG")
}

// queue names queue 0 of a topic.
func queue(topic string) Fields { return fields("topic", topic, "queueId", "0") }

// dispatched waits for a queue's consume queue to hold that many messages: both servers build it behind the log.
func dispatched(name, topic, queueID string, messages int) Step {
	return Step{Name: name, Code: getMaxOffset, Fields: queue(topic).With("queueId", queueID),
		Until: Leaf{"ext.offset", strconv.Itoa(messages)}}
}

// properties joins names and values in turn as clients do.
func properties(namesAndValues ...string) string {
	var b strings.Builder
	for i := 0; i < len(namesAndValues); i += 2 {
		b.WriteString(namesAndValues[i] + "\x01" + namesAndValues[i+1] + "\x02")
	}
	return b.String()
}
