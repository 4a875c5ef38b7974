package history

// Kind is what an event says.
type Kind string

// The kinds of events, and the fields of an Event that each has.
const (
	// What the run is about: the group is to get every acknowledged message of
	// the topic; listeners of the topic run so much beside each other that Bound
	// later messages of a queue may come before an earlier one (0: in order).
	Subscribed Kind = "subscribed" // Group, Topic
	Declared   Kind = "topic"      // Topic, Bound

	// One send: begun, and then stored at a place, known not to be stored, or not
	// known. The sends of a client are numbered from 0.
	Invoked Kind = "invoke"  // Client, Seq, Topic, Key, CRC
	Stored  Kind = "ok"      // Client, Seq, Topic, Broker, Queue, Offset, MsgID
	Refused Kind = "fail"    // Client, Seq, Text
	Unknown Kind = "unknown" // Client, Seq, Text

	// One delivery: what came and where from. A message that its group failed
	// before comes from the group's retry topic.
	Delivered Kind = "deliver" // Group, Member, Topic, Broker, Queue, Offset, Reconsumed, MsgID, Client, Seq, Key, CRC

	// A member of a group begins and ceases to hold a queue.
	Held    Kind = "hold" // Group, Member, Topic, Broker, Queue
	Dropped Kind = "drop" // Group, Member, Topic, Broker, Queue

	// From Disturbed to the next Calm members may exchange queues, and at most
	// Bound duplicates may come of what happens meanwhile. A history begins calm.
	Disturbed Kind = "disturbed" // Bound, Text
	Calm      Kind = "calm"      // Text
)

// Queue is one queue of a topic.
type Queue struct {
	Topic, Broker string
	ID            int
}

// Place is where a message lies in a queue.
type Place struct {
	Queue
	Offset int64
}

// Event is one line of a history. Its Kind says which fields count.
type Event struct {
	AtMillis int64 // Unix time
	Kind     Kind

	Client string
	Seq    int64
	Key    string
	CRC    uint32 // of the body, IEEE

	Place
	MsgID string

	Group, Member string
	Reconsumed    int

	Bound int
	Text  string
}
