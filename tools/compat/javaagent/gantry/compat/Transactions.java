package gantry.compat;

import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Transaction producers. What becomes of a transaction says its message: property "local" at once, property "check" when asked. */
final class Transactions {
    private final Members members;
    private final Wire wire;

    Transactions(Members members, Wire wire) {
        this.members = members;
        this.wire = wire;
    }

    Object start(JSONObject arguments) throws Exception {
        String member = arguments.getString("member");
        TransactionMQProducer producer = new TransactionMQProducer(arguments.getString("group"));
        producer.setNamesrvAddr(arguments.getString("namesrv"));
        Patience.with(producer);
        producer.setClientIP("127.0.0.1");
        producer.setInstanceName(arguments.getString("instance"));
        producer.setSendMsgTimeout(arguments.getIntValue("sendTimeoutMillis"));
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                return state(message, "local");
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                wire.event("checked", member, "message", Messages.encode(message, null));
                return state(message, "check");
            }
        });
        producer.start();
        Patience.warm(producer);
        members.put(member, producer, producer::shutdown);
        return null;
    }

    private static LocalTransactionState state(Message message, String property) {
        String says = message.getUserProperty(property);
        return "commit".equals(says) ? LocalTransactionState.COMMIT_MESSAGE
            : "rollback".equals(says) ? LocalTransactionState.ROLLBACK_MESSAGE : LocalTransactionState.UNKNOW;
    }

    Object send(JSONObject arguments) throws Exception {
        TransactionMQProducer producer = members.get(arguments, TransactionMQProducer.class);
        JSONArray results = new JSONArray();
        JSONArray given = arguments.getJSONArray("messages");
        for (int i = 0; i < given.size(); i++) {
            SendResult result = producer.sendMessageInTransaction(Messages.decode(given.getJSONObject(i)), null);
            results.add(Producers.encode(result));
        }
        return results;
    }
}
