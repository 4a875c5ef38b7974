package mqadmin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gantry/remoting/message"
	"gantry/remoting/protocol"
	"gantry/tools/admin"
	"gantry/tools/client"
)

func queryMsgByID() *command {
	return &command{name: "queryMsgById", about: "Query Message by Id", run: (*call).queryMsgByID, options: []option{
		needed("i", "msgId", "Message Id"),
		optional("g", "consumerGroup", "consumer group name"),
		optional("d", "clientId", "The consumer's client id"),
		optional("s", "sendMessage", "resend message"),
		optional("u", "unitName", "unit name"),
	}}
}

func (c *call) queryMsgByID() error {
	resend := false
	truth(c, "s", &resend)
	var errs []error
	for _, id := range strings.Split(c.value("i"), ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		m, err := c.MessageAt(c.ctx, id)
		switch {
		case err != nil:
		case c.has("g") && c.has("d"):
			err = c.consumeDirectly(&m)
		case resend:
			c.printf("prepare resend msg. originalMsgId=%s\n", id)
			err = c.sendAgain(&m)
		case !c.has("s"):
			c.printOffsetID(&m)
			err = c.printMessage(&m, m.MsgID())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *call) printOffsetID(m *client.Received) {
	c.printf("%-20s %s\n", "OffsetID:", message.OffsetID(m.StoreHost, m.PhysicalOffset))
}

func queryMsgByOffset() *command {
	return &command{name: "queryMsgByOffset", about: "Query Message by offset", run: (*call).queryMsgByOffset, options: []option{
		needed("t", "topic", "topic name"),
		needed("b", "brokerName", "Broker Name"),
		needed("i", "queueId", "Queue Id"),
		needed("o", "offset", "Queue Offset"),
	}}
}

// queryMsgByOffset prints nothing where there is no message.
func (c *call) queryMsgByOffset() (err error) {
	var offset int64
	if number(c, "o", &offset, &err); err != nil {
		return err
	}
	route, err := c.FetchRoute(c.ctx, c.value("t"))
	if err != nil {
		return err
	}
	q, err := c.meantQueue(route)
	if err != nil {
		return err
	}
	pulled, err := c.Pull(c.ctx, q, client.PullRequest{Group: toolsGroup, Offset: offset, MaxNums: 1})
	if err != nil || len(pulled.Messages) == 0 {
		return err
	}
	m := &pulled.Messages[0]
	c.printOffsetID(m)
	return c.printMessage(m, m.MsgID(), property{"MIN_OFFSET", fmt.Sprint(pulled.Min)}, property{"MAX_OFFSET", fmt.Sprint(pulled.Max)})
}

// consumeDirectly has the client of -d consume a message for the group of -g.
func (c *call) consumeDirectly(m *client.Received) error {
	done, err := c.ConsumeDirectly(c.ctx, m, c.value("g"), c.value("d"))
	if err == nil {
		c.printf("ConsumeMessageDirectlyResult [order=%t, autoCommit=%t, consumeResult=%s, remark=%s, spentTimeMills=%d]\n",
			done.Order, done.AutoCommit, orNull(done.ConsumeResult), orNull(done.Remark), done.SpentTimeMills)
	}
	return err
}

// serverProperties are those that a broker, or the sending, gives a message.
var serverProperties = []string{message.PropertyUniqKey, message.PropertyWait, message.PropertyCluster, message.PropertyMsgRegion, message.PropertyTraceOn,
	message.PropertyTags, message.PropertyKeys}

// sendAgain sends a message's copy, with an id of its own.
func (c *call) sendAgain(m *client.Received) error {
	again := &client.Message{Topic: m.Topic, Flag: m.Flag, Body: m.Body, Properties: map[string]string{},
		Tags: string(m.Properties.Get(message.PropertyTags)), Keys: string(m.Properties.Get(message.PropertyKeys))}
	m.Properties.Range(func(name, value []byte) bool {
		if !slices.Contains(serverProperties, string(name)) {
			again.Properties[string(name)] = string(value)
		}
		return true
	})
	sent, err := c.Producer(client.ProducerConfig{Group: "ReSendMsgById"}).Send(c.ctx, again)
	if err == nil {
		c.printf("SendResult [sendStatus=%s, msgId=%s, offsetMsgId=%s, messageQueue=%s, queueOffset=%d]\n",
			sendStatus[sent.Status], sent.MsgID, sent.OffsetMsgID, queueText(sent.Queue), sent.QueueOffset)
	}
	return err
}

func queryMsgByUniqueKey() *command {
	return &command{name: "queryMsgByUniqueKey", about: "Query Message by Unique key", run: (*call).queryMsgByUniqueKey, options: []option{
		needed("i", "msgId", "Message Id"),
		optional("g", "consumerGroup", "consumer group name"),
		optional("d", "clientId", "The consumer's client id"),
		needed("t", "topic", "The topic of msg"),
		flag("a", "showAll", "Print all message, the limit is 32"),
	}}
}

func (c *call) queryMsgByUniqueKey() error {
	found, err := c.MessagesByUniqueKey(c.ctx, c.value("t"), c.value("i"))
	if err != nil {
		return err
	}
	if c.has("g") && c.has("d") {
		return c.consumeDirectly(&found[0])
	}
	if !c.has("a") {
		found = found[:1]
	}
	for i := range found {
		file := found[i].MsgID()
		if i > 0 {
			file += "_" + strconv.Itoa(i)
		}
		if err := c.printMessage(&found[i], file); err != nil {
			return err
		}
	}
	return nil
}

func queryMsgByKey() *command {
	return &command{name: "queryMsgByKey", about: "Query Message by Key", run: (*call).queryMsgByKey, options: []option{
		needed("t", "topic", "topic name"),
		needed("k", "msgKey", "Message Key"),
	}}
}

// keyedMost is how many messages of a key a broker is asked for.
const keyedMost = 64

func (c *call) queryMsgByKey() error {
	found, err := c.MessagesByKey(c.ctx, c.value("t"), c.value("k"), keyedMost)
	if err != nil {
		return err
	}
	c.printf("%-50s %4s %40s\n", "#Message ID", "#QID", "#Offset")
	for i := range found {
		c.printf("%-50s %4d %40d\n", found[i].MsgID(), found[i].QueueID, found[i].QueueOffset)
	}
	return nil
}

// bodyFolder is where bodies are written, for who looks at a message.
const bodyFolder = "/tmp/rocketmq/msgbodys"

// printMessage prints a message, writes its body to a file, and says what became
// of it in each group.
func (c *call) printMessage(m *client.Received, file string, more ...property) error {
	path := filepath.Join(bodyFolder, file)
	if err := os.MkdirAll(bodyFolder, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(path, m.Body, 0o644); err != nil {
		return err
	}
	for _, row := range []struct {
		name  string
		value any
	}{
		{"Topic:", m.Topic},
		{"Tags:", "[" + orNull(string(m.Properties.Get(message.PropertyTags))) + "]"},
		{"Keys:", "[" + orNull(string(m.Properties.Get(message.PropertyKeys))) + "]"},
		{"Queue ID:", m.QueueID},
		{"Queue Offset:", m.QueueOffset},
		{"CommitLog Offset:", m.PhysicalOffset},
		{"Reconsume Times:", m.ReconsumeTimes},
		{"Born Timestamp:", human(m.BornTimestamp)},
		{"Store Timestamp:", human(m.StoreTimestamp)},
		{"Born Host:", m.BornHost},
		{"Store Host:", m.StoreHost},
		{"System Flag:", m.SysFlag},
		{"Properties:", propertiesText(m.Properties, more...)},
		{"Message Body Path:", path},
	} {
		c.printf("%-20s %v\n", row.name, row.value)
	}
	return c.printTracks(m)
}

func (c *call) printTracks(m *client.Received) error {
	tracks, err := c.Tracks(c.ctx, m)
	if err != nil {
		c.complain(err)
		return nil
	}
	if len(tracks) == 0 {
		c.printf("\n\nWARN: No Consumer\n")
		return nil
	}
	c.printf("\n\n")
	for _, t := range tracks {
		c.printf("%s\n", trackText(t))
	}
	return nil
}

func trackText(t admin.Track) string {
	return fmt.Sprintf("MessageTrack [consumerGroup=%s, trackType=%s, exceptionDesc=%s]", t.Group, t.Type, orNull(t.Why))
}

func sendMessage() *command {
	return &command{name: "sendMessage", about: "Send a message", run: (*call).sendMessage, options: []option{
		needed("t", "topic", "Topic name"),
		needed("p", "body", "UTF-8 string format of the message body"),
		optional("k", "key", "Message keys"),
		optional("c", "tags", "Message tags"),
		optional("b", "broker", "Send message to target broker"),
		optional("i", "qid", "Send message to target queue"),
		optional("m", "msgTraceEnable", "Message Trace Enable, Default: false"),
	}}
}

var sendStatus = map[int32]string{protocol.Success: "SEND_OK", protocol.FlushDiskTimeout: "FLUSH_DISK_TIMEOUT",
	protocol.FlushSlaveTimeout: "FLUSH_SLAVE_TIMEOUT", protocol.SlaveNotAvailable: "SLAVE_NOT_AVAILABLE"}

func (c *call) sendMessage() (err error) {
	if c.has("i") && !c.has("b") {
		return errors.New("Broker name must be set if the queue is chosen!")
	}
	traced := false
	if truth(c, "m", &traced); traced {
		return errors.New("option -m: this tool sends no traces")
	}
	m := &client.Message{Topic: c.value("t"), Tags: c.value("c"), Keys: c.value("k"), Body: []byte(c.value("p"))}
	if c.has("i") {
		m.Queue = &protocol.MessageQueue{Topic: m.Topic, BrokerName: c.value("b")}
		if number(c, "i", &m.Queue.QueueID, &err); err != nil {
			return err
		}
	}
	group := strconv.FormatInt(time.Now().UnixMilli(), 10)
	sent, err := c.Producer(client.ProducerConfig{Group: group}).Send(c.ctx, m)
	if err != nil {
		return err
	}
	c.printf("%-32s  %-4s  %-20s    %s\n", "#Broker Name", "#QID", "#Send Result", "#MsgId")
	c.printf("%-32s  %-4d  %-20s    %s\n", sent.Queue.BrokerName, sent.Queue.QueueID, sendStatus[sent.Status], sent.MsgID)
	return nil
}
