package gantry.compat;

import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageQueue;

/** Pull consumers of both kinds: the one that names queue and offset, and the "lite" one that polls what it was given. */
final class PullConsumers {
    private final Members members;

    PullConsumers(Members members) {
        this.members = members;
    }

    Object start(JSONObject arguments) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(arguments.getString("group"));
        consumer.setNamesrvAddr(arguments.getString("namesrv"));
        Patience.with(consumer);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName(arguments.getString("instance"));
        consumer.start();
        members.put(arguments.getString("member"), consumer, consumer::shutdown);
        return null;
    }

    Object pull(JSONObject arguments) throws Exception {
        DefaultMQPullConsumer consumer = members.get(arguments, DefaultMQPullConsumer.class);
        MessageQueue queue = Messages.queue(arguments.getJSONObject("queue"));
        long offset = arguments.getLongValue("offset");
        int most = arguments.getIntValue("maxMessages");
        PullResult result = arguments.getBooleanValue("sql")
            ? consumer.pull(queue, MessageSelector.bySql(arguments.getString("expression")), offset, most)
            : arguments.getBooleanValue("block")
            ? consumer.pullBlockIfNotFound(queue, arguments.getString("expression"), offset, most)
            : consumer.pull(queue, arguments.getString("expression"), offset, most);
        JSONObject out = new JSONObject(true);
        out.put("status", result.getPullStatus().name());
        out.put("nextOffset", result.getNextBeginOffset());
        out.put("minOffset", result.getMinOffset());
        out.put("maxOffset", result.getMaxOffset());
        out.put("messages", Messages.encode(result.getMsgFoundList(), queue.getBrokerName()));
        return out;
    }

    /** Sets the group's place in a queue and tells the server, with a request that has no answer. */
    Object commit(JSONObject arguments) throws Exception {
        DefaultMQPullConsumer consumer = members.get(arguments, DefaultMQPullConsumer.class);
        MessageQueue queue = Messages.queue(arguments.getJSONObject("queue"));
        consumer.updateConsumeOffset(queue, arguments.getLongValue("offset"));
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
        return null;
    }

    Object committed(JSONObject arguments) throws Exception {
        return members.get(arguments, DefaultMQPullConsumer.class)
            .fetchConsumeOffset(Messages.queue(arguments.getJSONObject("queue")), true);
    }

    Object startLite(JSONObject arguments) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(arguments.getString("group"));
        consumer.setNamesrvAddr(arguments.getString("namesrv"));
        Patience.with(consumer);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName(arguments.getString("instance"));
        startFromFirst(consumer);
        if (arguments.getString("topic").isEmpty()) {
            consumer.setAutoCommit(false); // its queues are assigned
        } else if (arguments.getBooleanValue("sql")) {
            consumer.subscribe(arguments.getString("topic"), MessageSelector.bySql(arguments.getString("expression")));
        } else {
            consumer.subscribe(arguments.getString("topic"), arguments.getString("expression"));
        }
        consumer.start();
        members.put(arguments.getString("member"), consumer, consumer::shutdown);
        return null;
    }

    /** The setter came after 4.6.0, which begins at the first message without being told. */
    private static void startFromFirst(DefaultLitePullConsumer consumer) throws Exception {
        for (Method method : DefaultLitePullConsumer.class.getMethods()) {
            if (method.getName().equals("setConsumeFromWhere")) {
                method.invoke(consumer, ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            }
        }
    }

    Object assign(JSONObject arguments) throws Exception {
        DefaultLitePullConsumer consumer = members.get(arguments, DefaultLitePullConsumer.class);
        JSONArray given = arguments.getJSONArray("queues");
        List<MessageQueue> queues = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            queues.add(Messages.queue(given.getJSONObject(i)));
        }
        consumer.assign(queues);
        return null;
    }

    Object seek(JSONObject arguments) throws Exception {
        members.get(arguments, DefaultLitePullConsumer.class)
            .seek(Messages.queue(arguments.getJSONObject("queue")), arguments.getLongValue("offset"));
        return null;
    }

    Object poll(JSONObject arguments) throws Exception {
        DefaultLitePullConsumer consumer = members.get(arguments, DefaultLitePullConsumer.class);
        return Messages.encode(consumer.poll(arguments.getLongValue("timeoutMillis")), null);
    }
}
