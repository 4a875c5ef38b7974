package xcheck

// AcceptedShared are the differences that routeMode=shared adds, where requests name their broker.
func AcceptedShared() []Acceptance {
	const (
		shardHost = "A message's storeHost, and with it its offset id, names its shard; one address for all shards could not."
		nameless  = "A request that names no broker finds no shard: it is refused with the remedy, or not answered where an error would be taken for an answer (14)."
	)
	return []Acceptance{
		{"*", "body.records.*.storeHost ext.storeHost", "<broker>", "<address>", shardHost},
		{"frame/*", "code", "3", "1", nameless},
		{"frame/*", "remark", "*request type * not supported", "with routeMode=shared *", nameless},
		{"frame/*", "answer", answered, unanswered, nameless},
		{"frame/*", "code ext.offset header", "*", Absent, nameless},
	}
}
