package gantry.orders;

import org.apache.rocketmq.spring.annotation.RocketMQMessageListener;
import org.apache.rocketmq.spring.core.RocketMQReplyListener;
import org.springframework.stereotype.Component;

/** Answers questions. */
@Component
@RocketMQMessageListener(topic = "questions", consumerGroup = "price-desk")
class PriceDesk implements RocketMQReplyListener<String, String> {
    @Override
    public String onMessage(String question) {
        return question + " ten";
    }
}
