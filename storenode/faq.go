package storenode

import "gantry/remoting/protocol"

// The broker's remarks end with where to read on; people search for them.
const faqURL = "http://rocketmq.apache.org/docs/faq/"

// seeFAQ is FAQUrl.suggestTodo.
const seeFAQ = "\nSee " + faqURL + " for further details."

// groupRefusal answers a request of a group that does not exist and is not made.
func groupRefusal(name []byte) error {
	return protocol.Errorf(protocol.SubscriptionGroupNotExist, "subscription group not exist, %s %s", name, seeFAQ)
}
