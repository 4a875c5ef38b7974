package message

// Property names the server reads or writes (MessageConst).
const (
	PropertyKeys        = "KEYS"
	PropertyTags        = "TAGS"
	PropertyWait        = "WAIT"
	PropertyDelay       = "DELAY"
	PropertyUniqKey     = "UNIQ_KEY"
	PropertyCluster     = "CLUSTER"
	PropertyBuyerID     = "BUYER_ID"
	PropertyInstanceID  = "INSTANCE_ID"
	PropertyShardingKey = "__SHARDINGKEY"
	PropertyMsgRegion   = "MSG_REGION"
	PropertyTraceOn     = "TRACE_ON"

	PropertyRetryTopic         = "RETRY_TOPIC"
	PropertyOriginMessageID    = "ORIGIN_MESSAGE_ID"
	PropertyReconsumeTime      = "RECONSUME_TIME"
	PropertyMaxReconsumeTimes  = "MAX_RECONSUME_TIMES"
	PropertyDLQOriginTopic     = "DLQ_ORIGIN_TOPIC"      // 5.x
	PropertyDLQOriginMessageID = "DLQ_ORIGIN_MESSAGE_ID" // 5.x

	PropertyRealTopic                = "REAL_TOPIC"
	PropertyRealQueueID              = "REAL_QID"
	PropertyTransactionMessage       = "TRAN_MSG"
	PropertyProducerGroup            = "PGROUP"
	PropertyPreparedQueueOffset      = "TRAN_PREPARED_QUEUE_OFFSET"
	PropertyTransactionCheckTimes    = "TRANSACTION_CHECK_TIMES"
	PropertyCheckImmunityTimeSeconds = "CHECK_IMMUNITY_TIME_IN_SECONDS"
	PropertyTransactionID            = "__transactionId__"

	PropertyCorrelationID = "CORRELATION_ID"
	PropertyReplyToClient = "REPLY_TO_CLIENT"
	PropertyTTL           = "TTL" // ms
	PropertyMessageType   = "MSG_TYPE"
	PropertyArriveTime    = "ARRIVE_TIME"
	PropertyPushReplyTime = "PUSH_REPLY_TIME"

	PropertyTimerDelaySec   = "TIMER_DELAY_SEC"
	PropertyTimerDelayMs    = "TIMER_DELAY_MS"
	PropertyTimerDeliverMs  = "TIMER_DELIVER_MS"
	PropertyTimerOutMs      = "TIMER_OUT_MS"
	PropertyTimerEnqueueMs  = "TIMER_ENQUEUE_MS"
	PropertyTimerDequeueMs  = "TIMER_DEQUEUE_MS"
	PropertyTimerRollTimes  = "TIMER_ROLL_TIMES"
	PropertyTimerDelUniqKey = "TIMER_DEL_UNIQKEY"
	PropertyTimerDelayLevel = "TIMER_DELAY_LEVEL"

	PropertyMinOffset             = "MIN_OFFSET"
	PropertyMaxOffset             = "MAX_OFFSET"
	PropertyConsumeStartTime      = "CONSUME_START_TIME"
	PropertyFirstPopTime          = "1ST_POP_TIME"
	PropertyPopCK                 = "POP_CK"
	PropertyInnerNum              = "INNER_NUM"
	PropertyInnerBase             = "INNER_BASE"
	PropertyInnerMultiDispatch    = "INNER_MULTI_DISPATCH"
	PropertyInnerMultiQueueOffset = "INNER_MULTI_QUEUE_OFFSET"
	PropertyCRC32                 = "__CRC32#"
)

// KeySeparator stands between the single keys inside the value of PropertyKeys.
const KeySeparator = ' '
