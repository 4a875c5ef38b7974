package gantry.compat;

import com.alibaba.fastjson.JSONObject;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.client.MQAdmin;
import org.apache.rocketmq.common.message.MessageQueue;

/** Questions that every producer and consumer of the Java client can ask: offsets, single messages, new topics. */
final class Queries {
    private final Members members;

    Queries(Members members) {
        this.members = members;
    }

    Object offset(JSONObject arguments) throws Exception {
        MQAdmin admin = members.get(arguments, MQAdmin.class);
        MessageQueue queue = Messages.queue(arguments.getJSONObject("queue"));
        switch (arguments.getString("which")) {
            case "min":
                return admin.minOffset(queue);
            case "max":
                return admin.maxOffset(queue);
            case "search":
                return admin.searchOffset(queue, arguments.getLongValue("timestampMillis"));
            case "earliest":
                return admin.earliestMsgStoreTime(queue);
            default:
                throw new IllegalArgumentException("unknown offset " + arguments.getString("which"));
        }
    }

    /** Finds one message by either of its ids; the client tells them apart by form. */
    Object view(JSONObject arguments) throws Exception {
        MQAdmin admin = members.get(arguments, MQAdmin.class);
        return Messages.encode(admin.viewMessage(arguments.getString("topic"), arguments.getString("id")), null);
    }

    Object query(JSONObject arguments) throws Exception {
        MQAdmin admin = members.get(arguments, MQAdmin.class);
        return Messages.encode(admin.queryMessage(arguments.getString("topic"), arguments.getString("key"),
            arguments.getIntValue("maxMessages"), arguments.getLongValue("beginMillis"),
            arguments.getLongValue("endMillis")).getMessageList(), null);
    }

    /** 5.x gave createTopic one more argument, so the method is looked up by its first three. */
    Object createTopic(JSONObject arguments) throws Exception {
        MQAdmin admin = members.get(arguments, MQAdmin.class);
        Object[] common = {"TBW102", arguments.getString("topic"), arguments.getIntValue("queues")};
        try {
            for (Method method : MQAdmin.class.getMethods()) {
                Class<?>[] types = method.getParameterTypes();
                if (!method.getName().equals("createTopic")) {
                    continue;
                }
                if (types.length == 3) {
                    return method.invoke(admin, common);
                }
                if (types.length == 4 && types[3] == Map.class) {
                    return method.invoke(admin, common[0], common[1], common[2], new HashMap<String, String>());
                }
            }
        } catch (InvocationTargetException e) {
            throw (Exception) e.getCause();
        }
        throw new IllegalStateException("this client has no createTopic");
    }
}
