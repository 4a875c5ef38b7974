package gantry.orders;

import org.apache.rocketmq.spring.core.RocketMQLocalTransactionState;
import org.apache.rocketmq.spring.core.RocketMQTemplate;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.stereotype.Component;

/** Sends orders, asks for a price, and pays. */
@Component
class Clerk {
    private static final int TRIES = 12;
    private static final long ANSWER_MILLIS = 5000;

    private final RocketMQTemplate template;
    private final Warehouse warehouse;

    Clerk(RocketMQTemplate template, Warehouse warehouse) {
        this.template = template;
        this.warehouse = warehouse;
    }

    void work() throws InterruptedException {
        System.out.println("sent " + template.syncSend("orders:book", "a book").getSendStatus());
        System.out.println("answered " + ask("how much?"));
        pay("rolled back", RocketMQLocalTransactionState.ROLLBACK);
        pay("paid", RocketMQLocalTransactionState.COMMIT);
        System.out.println(warehouse.awaitAll("a book", "paid") ? "all has come" : "something is missing");
    }

    /** Asks again while nobody listens yet. */
    private String ask(String question) {
        for (int i = 1; ; i++) {
            try {
                return template.sendAndReceive("questions", question, String.class, ANSWER_MILLIS);
            } catch (MessagingException e) {
                if (i == TRIES) {
                    throw e;
                }
            }
        }
    }

    private void pay(String order, RocketMQLocalTransactionState outcome) {
        System.out.println("transaction " + template.sendMessageInTransaction(
            "orders", MessageBuilder.withPayload(order).build(), outcome).getLocalTransactionState());
    }
}
