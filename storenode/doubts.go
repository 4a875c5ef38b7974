package storenode

import "gantry/remoting/properties"

// Doubts are settings that are used and were probably not meant so, each a
// *properties.ValueError that says what comes of it.
func (c Config) Doubts() []error {
	var doubts []error
	if c.Role() == Slave && roles[c.BrokerRole] != Slave {
		doubts = append(doubts, properties.Refuse("brokerId", c.BrokerID,
			"beside brokerRole=%s starts as SLAVE: a master has brokerId=0, and a Java broker would have become a second master; write brokerRole=SLAVE", c.BrokerRole))
	}
	return doubts
}
