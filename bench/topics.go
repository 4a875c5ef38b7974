package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/tools/client"
)

// topicNames are the topics a producer sends to.
func (o ProducerOptions) topicNames() []string {
	if o.Topics == 0 {
		return []string{o.Topic}
	}
	names := make([]string, o.Topics)
	for i := range names {
		names[i] = o.Topic + "_" + strconv.Itoa(i)
	}
	return names
}

// defaultTopic is whose route names the brokers that make topics.
const defaultTopic = "TBW102"

// topicPatience is how long a topic that was made may take to get its route.
const topicPatience = 30 * time.Second

// makeTopics makes the topics with so many queues on every master, and waits until their routes say so.
func makeTopics(ctx context.Context, c *client.Client, topics []string, queues int32) error {
	brokers, err := c.Route(ctx, defaultTopic)
	if err != nil {
		return fmt.Errorf("make topics: %w", err)
	}
	for _, topic := range topics {
		for _, b := range brokers.Data.BrokerDatas {
			h := protocol.UpdateAndCreateTopicRequest{Topic: topic, DefaultTopic: defaultTopic, ReadQueueNums: queues, WriteQueueNums: queues,
				Perm: 6, TopicFilterType: "SINGLE_TAG"}
			if _, err := c.Call(ctx, b.BrokerAddrs[0], &remoting.Request{Code: protocol.UpdateAndCreateTopic, Header: h}); err != nil {
				return fmt.Errorf("make topic %s on %s: %w", topic, b.BrokerName, err)
			}
		}
	}
	for _, topic := range topics {
		if err := awaitQueues(ctx, c, topic, int(queues)*len(brokers.Data.BrokerDatas)); err != nil {
			return err
		}
	}
	return nil
}

func awaitQueues(ctx context.Context, c *client.Client, topic string, queues int) error {
	ctx, cancel := context.WithTimeout(ctx, topicPatience)
	defer cancel()
	for {
		r, err := c.FetchRoute(ctx, topic)
		if err == nil && len(r.Publish) >= queues {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic %s has no route with %d queues: %w", topic, queues, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
