package gantry.compat;

import com.alibaba.fastjson.JSONObject;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers: every delivery and every change of the queues held becomes an event. */
final class PushConsumers {
    private static final long LOOK_AT_QUEUES_MILLIS = 20;

    private final Members members;
    private final Wire wire;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "queue-watch");
        thread.setDaemon(true);
        return thread;
    });

    PushConsumers(Members members, Wire wire) {
        this.members = members;
        this.wire = wire;
    }

    Object start(JSONObject arguments) throws Exception {
        String member = arguments.getString("member");
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(arguments.getString("namespace"), arguments.getString("group"),
            null, new AllocateMessageQueueAveragely(), arguments.getBooleanValue("trace"), null);
        consumer.setNamesrvAddr(arguments.getString("namesrv"));
        Patience.with(consumer);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName(arguments.getString("instance"));
        configure(consumer, arguments);
        for (Map.Entry<String, Object> topic : arguments.getJSONObject("topics").entrySet()) {
            if (arguments.getBooleanValue("sql")) {
                consumer.subscribe(topic.getKey(), MessageSelector.bySql((String) topic.getValue()));
            } else {
                consumer.subscribe(topic.getKey(), (String) topic.getValue());
            }
        }
        Policy policy = new Policy(arguments);
        if (arguments.getBooleanValue("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                context.setSuspendCurrentQueueTimeMillis(200);
                return deliver(member, messages, context.getMessageQueue(), policy)
                    ? ConsumeOrderlyStatus.SUCCESS : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
                deliver(member, messages, context.getMessageQueue(), policy)
                    ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER);
        }
        consumer.start();
        ScheduledFuture<?> watcher = watch(member, consumer);
        members.put(member, consumer, () -> {
            watcher.cancel(false);
            consumer.shutdown();
        });
        return null;
    }

    private static void configure(DefaultMQPushConsumer consumer, JSONObject arguments) throws Exception {
        consumer.setConsumeThreadMin(4);
        consumer.setConsumeThreadMax(4);
        if (arguments.getBooleanValue("vip")) {
            consumer.setVipChannelEnabled(true);
        }
        if (arguments.getBooleanValue("broadcasting")) {
            setBroadcasting(consumer);
        }
        if (arguments.getBooleanValue("fromFirst")) {
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        }
        if (arguments.containsKey("maxReconsumeTimes")) {
            consumer.setMaxReconsumeTimes(arguments.getIntValue("maxReconsumeTimes"));
        }
    }

    /** 5.x moved the enum to another package, so its type is taken from the setter. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void setBroadcasting(DefaultMQPushConsumer consumer) throws Exception {
        for (Method method : DefaultMQPushConsumer.class.getMethods()) {
            if (method.getName().equals("setMessageModel")) {
                Class<? extends Enum> model = (Class<? extends Enum>) method.getParameterTypes()[0];
                method.invoke(consumer, Enum.valueOf(model, "BROADCASTING"));
                return;
            }
        }
        throw new IllegalStateException("this client has no setMessageModel");
    }

    /** What a listener does with what it gets: how often it fails a message, and how long it takes. */
    private static final class Policy {
        final int failTimes;
        final long holdMillis;
        final String replier;

        Policy(JSONObject arguments) {
            this.failTimes = arguments.getIntValue("failTimes");
            this.holdMillis = arguments.getLongValue("holdMillis");
            this.replier = arguments.getString("replier");
        }

        boolean accepts(MessageExt message) {
            return failTimes >= 0 && message.getReconsumeTimes() >= failTimes;
        }
    }

    private boolean deliver(String member, List<MessageExt> messages, MessageQueue queue, Policy policy) {
        boolean accepted = true;
        for (MessageExt message : messages) {
            wire.event("delivered", member, "message", Messages.encode(message, queue.getBrokerName()));
            accepted &= policy.accepts(message) && reply(policy.replier, message);
        }
        if (policy.holdMillis > 0) {
            try {
                Thread.sleep(policy.holdMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return accepted;
    }

    /** Answers a message with its own body, where somebody shall. */
    private boolean reply(String replier, MessageExt message) {
        if (replier == null) {
            return true;
        }
        try {
            ((DefaultMQProducer) members.get(replier)).send(MessageUtil.createReplyMessage(message, message.getBody()));
            return true;
        } catch (Exception e) {
            System.err.println("reply: " + e);
            return false;
        }
    }

    private ScheduledFuture<?> watch(String member, DefaultMQPushConsumer consumer) {
        Set<MessageQueue> last = new HashSet<>();
        return watch.scheduleWithFixedDelay(() -> {
            Set<MessageQueue> now = new HashSet<>(
                consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet());
            if (!now.equals(last)) {
                last.clear();
                last.addAll(now);
                wire.event("assigned", member, "queues", Messages.encode(now));
            }
        }, 0, LOOK_AT_QUEUES_MILLIS, TimeUnit.MILLISECONDS);
    }
}
