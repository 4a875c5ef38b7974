package gantry.compat;

import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Messages and queues as JSON, and the bodies both sides can make from a size and a seed. */
final class Messages {
    private Messages() {
    }

    /** Sixteen letters from a linear congruential generator: reproducible, and half of it compressible. */
    static byte[] body(int size, int seed) {
        byte[] body = new byte[size];
        int state = seed;
        for (int i = 0; i < size; i++) {
            state = state * 1664525 + 1013904223;
            body[i] = (byte) ('a' + (state >>> 28));
        }
        return body;
    }

    static Message decode(JSONObject in) {
        Message message = new Message(in.getString("topic"), body(in.getIntValue("bodyBytes"), in.getIntValue("seed")));
        if (in.getString("tag") != null) {
            message.setTags(in.getString("tag"));
        }
        if (in.getString("keys") != null) {
            message.setKeys(in.getString("keys"));
        }
        if (in.getIntValue("delayLevel") > 0) {
            message.setDelayTimeLevel(in.getIntValue("delayLevel"));
        }
        if (in.getLongValue("deliverMillis") > 0) {
            comeAt(message, in.getLongValue("deliverMillis"));
        }
        JSONObject properties = in.getJSONObject("properties");
        if (properties != null) {
            for (Map.Entry<String, Object> property : properties.entrySet()) {
                message.putUserProperty(property.getKey(), (String) property.getValue());
            }
        }
        return message;
    }

    /** 5.x has a call for it, and forbids the property to its users; earlier clients know nothing of either. */
    private static void comeAt(Message message, long millis) {
        try {
            Message.class.getMethod("setDeliverTimeMs", long.class).invoke(message, millis);
        } catch (NoSuchMethodException e) {
            message.putUserProperty("TIMER_DELIVER_MS", String.valueOf(millis));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    static JSONObject encodeReply(Message reply) {
        JSONObject out = new JSONObject(true);
        out.put("receivedMillis", System.currentTimeMillis());
        out.put("topic", reply.getTopic());
        out.put("properties", reply.getProperties());
        CRC32 crc = new CRC32();
        crc.update(reply.getBody());
        out.put("bodyCrc", crc.getValue());
        out.put("bodyBytes", reply.getBody().length);
        return out;
    }

    static JSONObject encode(MessageExt message, String broker) {
        JSONObject out = new JSONObject(true);
        out.put("receivedMillis", System.currentTimeMillis());
        out.put("msgId", message.getMsgId());
        if (message instanceof MessageClientExt) {
            out.put("offsetMsgId", ((MessageClientExt) message).getOffsetMsgId());
        }
        out.put("topic", message.getTopic());
        out.put("broker", broker);
        out.put("queueId", message.getQueueId());
        out.put("queueOffset", message.getQueueOffset());
        out.put("commitLogOffset", message.getCommitLogOffset());
        out.put("reconsumeTimes", message.getReconsumeTimes());
        out.put("sysFlag", message.getSysFlag());
        out.put("storeBytes", message.getStoreSize());
        out.put("bornMillis", message.getBornTimestamp());
        out.put("storedMillis", message.getStoreTimestamp());
        out.put("properties", message.getProperties());
        out.put("tag", message.getTags());
        out.put("keys", message.getKeys());
        CRC32 crc = new CRC32();
        crc.update(message.getBody());
        out.put("bodyCrc", crc.getValue());
        out.put("bodyBytes", message.getBody().length);
        return out;
    }

    static JSONArray encode(List<MessageExt> messages, String broker) {
        JSONArray out = new JSONArray();
        if (messages != null) {
            for (MessageExt message : messages) {
                out.add(encode(message, broker));
            }
        }
        return out;
    }

    static MessageQueue queue(JSONObject in) {
        return new MessageQueue(in.getString("topic"), in.getString("broker"), in.getIntValue("queueId"));
    }

    static JSONObject encode(MessageQueue queue) {
        JSONObject out = new JSONObject(true);
        out.put("topic", queue.getTopic());
        out.put("broker", queue.getBrokerName());
        out.put("queueId", queue.getQueueId());
        return out;
    }

    static JSONArray encode(Collection<MessageQueue> queues) {
        JSONArray out = new JSONArray();
        for (MessageQueue queue : queues) {
            out.add(encode(queue));
        }
        return out;
    }
}
