package xcheck

import (
	"hash/crc32"
	"time"
)

// routeSteps ask the name server where topics lie.
func routeSteps() []Step {
	ask := func(name string, f Fields) Step {
		return Step{Name: "route/" + name, To: NameServer, Code: getRouteInfoByTopic, Fields: f}
	}
	binary := ask("rocketmq-header", fields("topic", "TBW102"))
	binary.Kind = 1
	unknownBinary := ask("unknown-rocketmq-header", fields("topic", "${run}_nowhere"))
	unknownBinary.Kind = 1
	return []Step{
		ask("tbw102", fields("topic", "TBW102")),
		ask("standard-json", fields("topic", "TBW102", "acceptStandardJsonOnly", "true")),
		binary,
		ask("unknown", fields("topic", "${run}_nowhere")),
		unknownBinary,
		ask("blank", fields("topic", "")),
		ask("other-fields", fields("topic", "TBW102", "nobodysField", "1", "lo", "true", "ns", "x")),
		ask("no-topic", fields("acceptStandardJsonOnly", "true")),
		ask("no-fields", nil),
		ask("benchmark", fields("topic", "BenchmarkTest")),
		ask("schedule", fields("topic", "SCHEDULE_TOPIC_XXXX")),
		ask("self-test", fields("topic", "SELF_TEST_TOPIC")),
		ask("offset-moved-event", fields("topic", "OFFSET_MOVED_EVENT")),
		ask("broker-name", fields("topic", "${brokerName}")),
		ask("cluster", fields("topic", "${cluster}")),
		ask("reply-topic", fields("topic", "${cluster}_REPLY_TOPIC")),
		{Name: "route/version-4.6", To: NameServer, Frame: frameOf(0,
			`{"code":105,"extFields":{"topic":"TBW102"},"flag":0,"language":"JAVA","opaque":5,"serializeTypeCurrentRPC":"JSON","version":333}`, "")},
	}
}

// clusterSteps ask the name server for what mqadmin and clients list.
func clusterSteps() []Step {
	ask := func(name string, code int32, f Fields) Step {
		return Step{Name: "cluster/" + name, To: NameServer, Code: code, Fields: f}
	}
	return []Step{
		ask("info", getBrokerClusterInfo, nil),
		ask("topics-of-cluster", getTopicsByCluster, fields("cluster", "${cluster}")),
		ask("topics-of-unknown-cluster", getTopicsByCluster, fields("cluster", "${run}_nowhere")),
		ask("topics-of-no-cluster", getTopicsByCluster, nil),
		ask("system-topics", getSystemTopicListFromNS, nil),
		ask("wipe-unknown-broker", wipeWritePermOfBroker, fields("brokerName", "${run}_nobody")),
		ask("add-unknown-broker", addWritePermOfBroker, fields("brokerName", "${run}_nobody")),
		ask("wipe-no-broker", wipeWritePermOfBroker, nil),
		ask("delete-unknown-topic", deleteTopicInNamesrv, fields("topic", "${run}_nowhere")),
		{Name: "cluster/unknown-code", To: NameServer, Code: nobodysCode, Fields: fields("topic", "TBW102"), Wait: time.Second},
	}
}

// configurationSteps are the name server's key-value store.
func configurationSteps() []Step {
	ask := func(name string, code int32, f Fields) Step {
		return Step{Name: "kv/" + name, To: NameServer, Code: code, Fields: f}
	}
	key := fields("namespace", "${run}_space", "key", "colour")
	return []Step{
		ask("get-missing", getKVConfig, key),
		ask("list-missing", getKVListByNamespace, fields("namespace", "${run}_space")),
		ask("put", putKVConfig, key.With("value", "blau, größer")),
		ask("get", getKVConfig, key),
		ask("list", getKVListByNamespace, fields("namespace", "${run}_space")),
		ask("put-no-value", putKVConfig, key),
		ask("put-no-key", putKVConfig, fields("namespace", "${run}_space", "value", "x")),
		ask("delete", deleteKVConfig, key),
		ask("get-deleted", getKVConfig, key),
		ask("delete-missing", deleteKVConfig, key.With("key", "nothing")),
	}
}

// registrationSteps are those of a broker, a stock one that serves nobody.
func registrationSteps() []Step {
	const body = `{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":7,"timestamp":1500000000000},` +
		`"topicConfigTable":{"${run}_elsewhere":{"order":false,"perm":6,"readQueueNums":3,"topicFilterType":"SINGLE_TAG",` +
		`"topicName":"${run}_elsewhere","topicSysFlag":0,"writeQueueNums":2}}}}`
	const version = `{"counter":7,"timestamp":1500000000000}`
	self := fields("brokerName", "${run}_other", "brokerAddr", "10.1.2.3:10911", "clusterName", "${run}_cluster", "brokerId", "0",
		"haServerAddr", "10.1.2.3:10912")
	register := self.With("compressed", "false", "bodyCrc32", "0")
	ask := func(name string, code int32, f Fields, body string) Step {
		return toNameServer("other broker", "register/"+name, code, f, body)
	}
	wrongChecksum := int(crc32.ChecksumIEEE([]byte("something else")) & 0x7fffffff)
	return []Step{
		ask("no-fields", registerBroker, nil, body),
		ask("no-address", registerBroker, register.Without("brokerAddr"), body),
		ask("bad-broker-id", registerBroker, register.With("brokerId", "zero"), body),
		ask("wrong-checksum", registerBroker, register.With("bodyCrc32", itoa(wrongChecksum)), body),
		ask("garbage-body", registerBroker, register, "this is no json"),
		ask("garbage-compressed-body", registerBroker, register.With("compressed", "true"), "this is not deflated"),
		ask("version-of-unknown", queryDataVersion, self, version),
		ask("good", registerBroker, register, body),
		{Name: "register/route", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_elsewhere")},
		ask("same-version", queryDataVersion, self, version),
		ask("newer-version", queryDataVersion, self, `{"counter":8,"timestamp":1500000000001}`),
		ask("garbage-version", queryDataVersion, self, "[[["),
		ask("slave", registerBroker, register.With("brokerId", "1", "brokerAddr", "10.1.2.4:10911", "haServerAddr", "10.1.2.4:10912"), body),
		{Name: "register/route-with-slave", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_elsewhere")},
		ask("topics-of-cluster", getTopicsByCluster, fields("cluster", "${run}_cluster"), ""),
		ask("wipe", wipeWritePermOfBroker, fields("brokerName", "${run}_other"), ""),
		{Name: "register/route-wiped", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_elsewhere")},
		ask("add", addWritePermOfBroker, fields("brokerName", "${run}_other"), ""),
		{Name: "register/route-added", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_elsewhere")},
		ask("no-body", registerBroker, register, ""),
		ask("unregister-unknown", unregisterBroker, self.With("brokerName", "${run}_nobody"), ""),
		ask("unregister-no-id", unregisterBroker, self.Without("brokerId"), ""),
		ask("unregister", unregisterBroker, self, ""),
		ask("unregister-slave", unregisterBroker, self.With("brokerId", "1", "brokerAddr", "10.1.2.4:10911"), ""),
		{Name: "register/route-gone", To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", "${run}_elsewhere")},
	}
}

// lastSteps look at what all others left in the route table.
func lastSteps() []Step {
	route := func(name, topic string) Step {
		return Step{Name: "last/route-" + name, To: NameServer, Code: getRouteInfoByTopic, Fields: fields("topic", topic)}
	}
	return []Step{
		route("retry", "%RETRY%${run}_back"),
		route("dlq", "%DLQ%${run}_back"),
		route("created", "${run}_created"),
		route("send", "${run}_send"),
		route("unit", "${run}_unit"),
		{Name: "last/asker-silent", Await: "reply/to-asker"},
		{Name: "last/topics", To: NameServer, Code: getAllTopicListFromNS},
	}
}
