package gantry.compat;

import java.lang.reflect.Method;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;

/**
 * What keeps a busy machine from failing a scenario: the clients give a name server 3 s to answer, the loading of their own classes
 * included, and a machine of two cores that starts many at once does not always make that.
 */
final class Patience {
    private static final int ANSWER_MILLIS = 15_000;
    private static final int TRIES = 3;

    private Patience() {
    }

    /**
     * Lengthens the wait for an answer; 4.6.0 has no such setting. For scenarios about what clients do when no answer comes,
     * -Dgantry.compat.patience=false leaves it, and -Dgantry.compat.clockMillis shortens the 30 s from heartbeat to heartbeat and from
     * route to route.
     */
    static void with(ClientConfig client) throws Exception {
        Integer clockMillis = Integer.getInteger("gantry.compat.clockMillis");
        if (clockMillis != null) {
            client.setHeartbeatBrokerInterval(clockMillis);
            client.setPollNameServerInterval(clockMillis);
        }
        if (!Boolean.parseBoolean(System.getProperty("gantry.compat.patience", "true"))) {
            return;
        }
        for (Method method : ClientConfig.class.getMethods()) {
            if (method.getName().equals("setMqClientApiTimeout")) {
                method.invoke(client, ANSWER_MILLIS);
            }
        }
    }

    /** Asks the name server once before anything depends on its answer coming in time. */
    static void warm(DefaultMQProducer producer) throws MQClientException {
        for (int i = 1; ; i++) {
            try {
                producer.fetchPublishMessageQueues("TBW102");
                return;
            } catch (MQClientException | RuntimeException e) {
                if (i == TRIES) {
                    throw e;
                }
            }
        }
    }
}
