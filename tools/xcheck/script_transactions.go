package xcheck

import "gantry/remoting"

const endTransaction = 37

// transactionSteps send half messages and end them. Who is asked what, and when, the tests of tools/compat look at.
func transactionSteps() []Step {
	send := func(name, topic, id string) Step {
		return Step{Name: "transaction/half-" + name, Code: sendMessageV2, Body: name, Hide: "ext.queueOffset",
			Keep: map[string]string{"half" + id: "ext.msgId", "halfQueue" + id: "ext.queueOffset"},
			Fields: v2(topic).With("d", "1", "f", "4", "i", properties("KEYS", "${run}-tx", "TAGS", "TagA",
				"TRAN_MSG", "true", "PGROUP", "${run}_producer", "UNIQ_KEY", "${run}TX"+id, "WAIT", "true"))}
	}
	end := func(name string, f Fields) Step {
		return Step{Name: "transaction/" + name, Code: endTransaction, Fields: f}
	}
	of := func(id, how string) Fields {
		return fields("producerGroup", "${run}_producer", "tranStateTableOffset", "${halfQueue"+id+"}", "commitLogOffset", "${half"+id+"@offset}",
			"commitOrRollback", how, "fromTransactionCheck", "false", "msgId", "${run}TX"+id, "transactionId", "${run}TX"+id)
	}
	const commit, rollback = "8", "12"
	first := of("1", commit)
	binary := end("commit-rocketmq-header", of("3", commit))
	binary.Kind = remoting.ROCKETMQ
	oneway := end("commit-oneway", of("4", commit).With("fromTransactionCheck", "true"))
	oneway.Oneway = true
	steps := []Step{
		send("first", "${run}_tx", "1"), send("second", "${run}_tx", "2"), send("third", "${run}_tx", "3"), send("fourth", "${run}_tx", "4"),
		{Name: "transaction/nothing-to-see", Code: getMaxOffset, Fields: queue("${run}_tx")},
		end("other-group", first.With("producerGroup", "${run}_others")),
		end("other-queue-offset", first.With("tranStateTableOffset", "123456789")),
		end("no-half-message", first.With("commitLogOffset", "123456789012345")),
		end("plain-message", first.With("commitLogOffset", "${id1@offset}")),
		end("bad-number", first.With("commitOrRollback", "soon")),
		end("commit", first),
		dispatched("transaction/committed", "${run}_tx", "0", 1),
		end("rollback", of("2", rollback)),
		end("rollback-again", of("2", rollback)),
		binary,
		dispatched("transaction/two-committed", "${run}_tx", "0", 2),
		oneway,
		dispatched("transaction/three-committed", "${run}_tx", "0", 3),
		{Name: "transaction/read", Code: pullMessage, Fields: pull("${run}_tx", "0").With("subscription", "TagA")},
		send("contradictory", "${run}_tx2", "5"),
		end("commit-least-fields", of("1", commit).Without("fromTransactionCheck").Without("transactionId")),
		end("rollback-first", of("5", rollback)),
		end("then-commit", of("5", commit)),
	}
	for _, name := range []string{"producerGroup", "tranStateTableOffset", "commitLogOffset", "commitOrRollback", "msgId"} {
		steps = append(steps, end("no-"+name, first.Without(name)))
	}
	for _, how := range []string{"0", "5"} {
		undecided := end("undecided-"+how, of("5", how))
		undecided.Wait = silence
		steps = append(steps, undecided)
	}
	return steps
}
