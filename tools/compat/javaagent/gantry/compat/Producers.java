package gantry.compat;

import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.MessageQueueSelector;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Producers: started, and told to send one after another, all at once, without an answer, or as one batch. */
final class Producers {
    private static final MessageQueueSelector BY_HASH =
        (queues, message, key) -> queues.get((key.hashCode() & Integer.MAX_VALUE) % queues.size());

    private final Members members;

    Producers(Members members) {
        this.members = members;
    }

    Object start(JSONObject arguments) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(
            arguments.getString("namespace"), arguments.getString("group"), null, arguments.getBooleanValue("trace"), null);
        producer.setNamesrvAddr(arguments.getString("namesrv"));
        Patience.with(producer);
        producer.setClientIP("127.0.0.1");
        producer.setInstanceName(arguments.getString("instance"));
        if (arguments.getBooleanValue("vip")) {
            producer.setVipChannelEnabled(true);
        }
        if (arguments.getIntValue("sendTimeoutMillis") > 0) {
            producer.setSendMsgTimeout(arguments.getIntValue("sendTimeoutMillis"));
        }
        producer.start();
        Patience.warm(producer);
        members.put(arguments.getString("member"), producer, producer::shutdown);
        return null;
    }

    /**
     * Sends one message and waits for its reply. 5.3.2 gives up waiting, and calls back with nothing, as soon as the message is stored;
     * all is well there with a selector and a callback.
     */
    Object request(JSONObject arguments) throws Exception {
        DefaultMQProducer producer = members.get(arguments, DefaultMQProducer.class);
        Message message = Messages.decode(arguments.getJSONObject("message"));
        long timeoutMillis = arguments.getLongValue("timeoutMillis");
        if (MQVersion.CURRENT_VERSION < MQVersion.Version.V5_0_0.ordinal()) {
            return Messages.encodeReply(producer.request(message, timeoutMillis));
        }
        CompletableFuture<Message> reply = new CompletableFuture<>();
        producer.request(message, BY_HASH, message.getTopic(), new RequestCallback() {
            @Override
            public void onSuccess(Message got) {
                reply.complete(got);
            }

            @Override
            public void onException(Throwable e) {
                reply.completeExceptionally(e == null ? new IllegalStateException("no reply") : e);
            }
        }, timeoutMillis);
        return Messages.encodeReply(reply.get(timeoutMillis, TimeUnit.MILLISECONDS));
    }

    Object send(JSONObject arguments) throws Exception {
        DefaultMQProducer producer = members.get(arguments, DefaultMQProducer.class);
        List<Message> messages = new ArrayList<>();
        JSONArray given = arguments.getJSONArray("messages");
        for (int i = 0; i < given.size(); i++) {
            messages.add(Messages.decode(given.getJSONObject(i)));
        }
        JSONObject queue = arguments.getJSONObject("queue");
        Route route = new Route(queue == null ? null : Messages.queue(queue), arguments.getString("shardingKey"));
        switch (arguments.getString("mode")) {
            case "sync":
                return sync(producer, messages, route);
            case "async":
                return async(producer, messages, route);
            case "oneway":
                return oneway(producer, messages, route);
            case "batch":
                JSONArray one = new JSONArray();
                one.add(encode(route.queue == null ? producer.send(messages) : producer.send(messages, route.queue)));
                return one;
            default:
                throw new IllegalArgumentException("unknown mode " + arguments.getString("mode"));
        }
    }

    /** Where the messages of one command shall go: a queue, the queue of a key, or (both null) where the client likes. */
    private static final class Route {
        final MessageQueue queue;
        final String key;

        Route(MessageQueue queue, String key) {
            this.queue = queue;
            this.key = key;
        }
    }

    private static Object sync(DefaultMQProducer producer, List<Message> messages, Route route) throws Exception {
        JSONArray results = new JSONArray();
        for (Message message : messages) {
            SendResult result = route.queue != null ? producer.send(message, route.queue)
                : route.key != null ? producer.send(message, BY_HASH, route.key)
                : producer.send(message);
            results.add(encode(result));
        }
        return results;
    }

    private static Object oneway(DefaultMQProducer producer, List<Message> messages, Route route) throws Exception {
        for (Message message : messages) {
            if (route.queue != null) {
                producer.sendOneway(message, route.queue);
            } else if (route.key != null) {
                producer.sendOneway(message, BY_HASH, route.key);
            } else {
                producer.sendOneway(message);
            }
        }
        return new JSONArray();
    }

    private static Object async(DefaultMQProducer producer, List<Message> messages, Route route) throws Exception {
        JSONObject[] results = new JSONObject[messages.size()];
        CountDownLatch open = new CountDownLatch(messages.size());
        for (int i = 0; i < messages.size(); i++) {
            SendCallback callback = new Slot(results, i, open);
            if (route.queue != null) {
                producer.send(messages.get(i), route.queue, callback);
            } else if (route.key != null) {
                producer.send(messages.get(i), BY_HASH, route.key, callback);
            } else {
                producer.send(messages.get(i), callback);
            }
        }
        if (!open.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException(open.getCount() + " callbacks missing after 60 s");
        }
        JSONArray out = new JSONArray();
        for (JSONObject result : results) {
            out.add(result);
        }
        return out;
    }

    /** The callback of one asynchronous send, writing its place of the results. */
    private static final class Slot implements SendCallback {
        private final JSONObject[] results;
        private final int place;
        private final CountDownLatch open;

        Slot(JSONObject[] results, int place, CountDownLatch open) {
            this.results = results;
            this.place = place;
            this.open = open;
        }

        @Override
        public void onSuccess(SendResult result) {
            results[place] = encode(result);
            open.countDown();
        }

        @Override
        public void onException(Throwable e) {
            JSONObject failed = new JSONObject(true);
            failed.put("error", Wire.describe(e));
            results[place] = failed;
            open.countDown();
        }
    }

    static JSONObject encode(SendResult result) {
        JSONObject out = new JSONObject(true);
        out.put("status", result.getSendStatus().name());
        out.put("msgId", result.getMsgId());
        out.put("offsetMsgId", result.getOffsetMsgId());
        out.put("queue", Messages.encode(result.getMessageQueue()));
        out.put("queueOffset", result.getQueueOffset());
        return out;
    }
}
