package main

// fieldOutcomes is what comes of each file in testdata/field-configs: what the
// node is, how many keys have no effect, and what the operator is warned of; or
// what its start ends with.
func fieldOutcomes() map[string]string {
	const (
		secondMaster = `finding="\"1\" beside brokerRole=ASYNC_MASTER starts as SLAVE: a master has brokerId=0, ` +
			`and a Java broker would have become a second master; write brokerRole=SLAVE"`
		oldSizes = `; line=21 key=mapedFileSizeCommitLog finding="ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeCommitLog"` +
			`; line=23 key=mapedFileSizeConsumeQueue finding="ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeConsumeQueue"`
		misspelt = `; line=51 key=flushDiskTyp finding="unknown key, ignored; did you mean flushDiskType?"`
		twice    = `finding="given twice, first in line 37; the last one counts"`
		noLeger  = `finding="has no effect: automatic failover is not in this release; brokerRole and brokerId say who is master"`
	)
	return map[string]string{
		"000-01-broker-a-id0":           `rocketmq_cluster/broker-a/0 ASYNC_MASTER in /opt/rocketmq/srote/a, 0 without effect`,
		"000-02-broker-b-id1":           `rocketmq_cluster/broker-b/1 SLAVE in /opt/rocketmq/srote/b, 0 without effect; line=5 key=brokerId ` + secondMaster,
		"000-03-broker-b-id0":           `rocketmq_cluster/broker-b/0 ASYNC_MASTER in /opt/rocketmq/srote/b, 0 without effect`,
		"000-04-broker-a-id1":           `rocketmq_cluster/broker-a/1 SLAVE in /opt/rocketmq/srote/a, 0 without effect; line=5 key=brokerId ` + secondMaster,
		"000-05-broker-a-id0":           `rocketmq-cluster/broker-a/0 ASYNC_MASTER in /usr/local/rocketmq/store, 4 without effect; line=22 key=mapedFileSizeCommitLog finding="ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeCommitLog"; line=24 key=mapedFileSizeConsumeQueue finding="ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeConsumeQueue"`,
		"001-01-broker-a-id0":           `:4: brokerId: "# 0代表Master" is part of the value; write brokerId=0 and put the comment on a line of its own`,
		"001-02-broker-a-id1":           `:3: brokerId: "# 1代表Slave" is part of the value; write brokerId=1 and put the comment on a line of its own`,
		"003-01-rocketmq-broker-m1-id0": `rocketmq-2m-noslave-cluster/rocketmq-broker-m1/0 ASYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-02-rocketmq-broker-m2-id0": `rocketmq-2m-noslave-cluster/rocketmq-broker-m2/0 ASYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-03-rocketmq-broker-m1-id0": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m1/0 ASYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-04-rocketmq-broker-m2-id0": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m2/0 ASYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-05-rocketmq-broker-m1-id1": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m1/1 SLAVE in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-06-rocketmq-broker-m2-id1": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m2/1 SLAVE in /home/rmq/src/rocketmq/data/store1, 6 without effect` + oldSizes,
		"003-07-rocketmq-broker-m1-id0": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m1/0 SYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-08-rocketmq-broker-m2-id0": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m2/0 SYNC_MASTER in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-09-rocketmq-broker-m1-id1": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m1/1 SLAVE in /home/rmq/src/rocketmq/data/store, 6 without effect` + oldSizes,
		"003-10-rocketmq-broker-m2-id1": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m2/1 SLAVE in /home/rmq/src/rocketmq/data/store1, 6 without effect` + oldSizes,
		"003-11-rocketmq-broker-m1-id0": `rocketmq-2m-slave-cluster-async/rocketmq-broker-m1/0 SYNC_MASTER in /home/rmq/src/rocketmq/data/store/dledger, 9 without effect` + oldSizes + `; line=55 key=enableDLegerCommitLog ` + noLeger + `; line=57 key=storePathRootDir ` + twice,
		"003-12-rocketmq-broker-m1-id1": `rocketmq-2m-slave-cluster/rocketmq-broker-m1/1 SLAVE in /home/rmq/src/rocketmq/data/store/dledger, 9 without effect` + oldSizes + misspelt + `; line=56 key=enableDLegerCommitLog ` + noLeger + `; line=58 key=storePathRootDir ` + twice,
		"003-13-rocketmq-broker-m1-id2": `rocketmq-2m-slave-cluster/rocketmq-broker-m1/2 SLAVE in /home/rmq/src/rocketmq/data/store/dledger, 9 without effect` + oldSizes + misspelt + `; line=56 key=enableDLegerCommitLog ` + noLeger + `; line=58 key=storePathRootDir ` + twice,
	}
}
