package gantry.orders;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.spring.annotation.RocketMQMessageListener;
import org.apache.rocketmq.spring.core.RocketMQListener;
import org.springframework.stereotype.Component;

/** Takes what was ordered. */
@Component
@RocketMQMessageListener(topic = "orders", consumerGroup = "warehouse")
class Warehouse implements RocketMQListener<String> {
    private static final long PATIENCE_MILLIS = 60_000;

    private final Set<String> orders = new HashSet<>();

    @Override
    public synchronized void onMessage(String order) {
        System.out.println("received " + order);
        orders.add(order);
        notifyAll();
    }

    synchronized boolean awaitAll(String... expected) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (!orders.containsAll(Arrays.asList(expected))) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }
}
