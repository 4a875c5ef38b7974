package storenode

// What a copy was when it ran last stands in gantry/node.json: who switches roles
// by hand (stop, edit brokerRole and brokerId, start) is told what that means.

// roleName is the word of brokerRole for what the node is.
func (c Config) roleName() string {
	if c.Role() == Slave {
		return "SLAVE"
	}
	return c.BrokerRole
}

// tellRole says what has become of the copy since it ran last, and notes what it
// is. It comes when the store and all tables are open.
func (n *Node) tellRole() error {
	former, err := n.identity.assume(n.config.roleName(), n.config.BrokerID)
	if err != nil {
		return err
	}
	begin, end := int64(n.store.Log().Min()), int64(n.store.Log().End())
	is, was := n.config.Role() == Slave, former.Role == "SLAVE"
	if n.store.EndLost() && !is {
		if err := n.lowerOffsets(); err != nil {
			return err
		}
	}
	log := n.log.With("broker_name", n.config.BrokerName, "broker_id", n.config.BrokerID, "role", n.config.roleName(), "log_from", begin, "log_end", end)
	switch {
	case n.identity.fresh && end > 0:
		log.Info("the store of another broker is taken over, as it was left")
	case former.Role == "":
	case was && !is:
		lowered, err := n.offsets.Lower(n.store.MaxOffset)
		if err != nil {
			return err
		}
		topics, groups, offsets := n.tableSizes()
		log.Info("was a slave and is the master now: it takes over what it has copied. What its former master has stored behind log_end is not in this copy",
			"former_broker_id", former.BrokerID, "offsets_as_of", n.offsets.AsOf(), "topics", topics, "groups", groups, "offsets", offsets, "offsets_lowered_to_their_queues_end", lowered)
	case !was && is:
		log.Info("was the master and is a slave now: it copies from log_end on, if its log is the beginning of its master's; if not it stops and says so", "former_role", former.Role)
	case former.BrokerID != n.config.BrokerID:
		log.Info("a slave under another brokerId", "former_broker_id", former.BrokerID)
	}
	return nil
}

// lowerOffsets lowers offsets of messages that a loss of power took, after their consumers had them.
func (n *Node) lowerOffsets() error {
	lowered, err := n.offsets.Lower(n.store.MaxOffset)
	if err == nil && lowered > 0 {
		n.log.Warn("offsets lay behind the end of their queue, whose last messages are lost: they are lowered to it", "offsets", lowered)
	}
	return err
}

func (n *Node) tableSizes() (topics, groups, offsets int) {
	_, allTopics := n.topics.Snapshot()
	_, allGroups := n.groups.Snapshot()
	return len(allTopics), len(allGroups), n.offsets.Pairs()
}

// assume records what the copy is and returns what it was.
func (i *identity) assume(role string, brokerID int64) (former nodeState, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	former = i.state
	if former.Role == role && former.BrokerID == brokerID {
		return former, nil
	}
	next := former
	next.Role, next.BrokerID = role, brokerID
	if err := i.save(next); err != nil {
		return former, err
	}
	i.state = next
	return former, nil
}
