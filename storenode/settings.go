package storenode

// Settings are the keys that may be changed while the node runs (code 25).
type Settings struct {
	BrokerPermission       int32 `property:"brokerPermission"` // 4 read, 2 write
	AutoCreateTopicEnable  bool  `property:"autoCreateTopicEnable"`
	AutoCreateGroupEnable  bool  `property:"autoCreateSubscriptionGroup"`
	TraceOn                bool  `property:"traceOn"`
	NotifyIdsChangedEnable bool  `property:"notifyConsumerIdsChangedEnable"`
	LongPollingEnable      bool  `property:"longPollingEnable"`
	ShortPollingMillis     int64 `property:"shortPollingTimeMills"`
	MaxMessageBytes        int   `property:"maxMessageSize"`
	DefaultQueryMaxNum     int32 `property:"defaultQueryMaxNum"`
	StartAcceptSendMillis  int64 `property:"startAcceptSendRequestTimeStamp"` // since 1970; sends are refused before
	EnablePropertyFilter   bool  `property:"enablePropertyFilter"`            // messages are chosen by SQL92
	FilterSupportRetry     bool  `property:"filterSupportRetry"`              // and those of retry topics by their topic's expression

	DeleteWhen              string `property:"deleteWhen"`       // hours of the day, `;` between them
	FileReservedHours       int64  `property:"fileReservedTime"` // hours since a commit log file was last written
	DiskMaxUsedSpacePercent int    `property:"diskMaxUsedSpaceRatio"`
	DiskSpaceCleanPercent   int    `property:"diskSpaceCleanForciblyRatio"`
	DiskSpaceWarningPercent int    `property:"diskSpaceWarningLevelRatio"`
	DiskFreeBytesMin        int64  `property:"diskFreeBytesMin"` // ours: below it sends are refused
	CleanFileForciblyEnable bool   `property:"cleanFileForciblyEnable"`
}

// DefaultSettings is what RocketMQ 4.9.7 uses where nothing is said.
func DefaultSettings() Settings {
	return Settings{
		BrokerPermission: 6, AutoCreateTopicEnable: true, AutoCreateGroupEnable: true, TraceOn: true,
		NotifyIdsChangedEnable: true, LongPollingEnable: true, ShortPollingMillis: 1000,
		MaxMessageBytes: 4 << 20, DefaultQueryMaxNum: 32,
		DeleteWhen: "04", FileReservedHours: 72, DiskMaxUsedSpacePercent: 75, DiskSpaceCleanPercent: 85,
		DiskSpaceWarningPercent: 90, DiskFreeBytesMin: 64 << 20, CleanFileForciblyEnable: true,
	}
}
