package gantry.orders;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Places some orders, prints what comes of them, and ends. */
@SpringBootApplication
public class OrdersApplication {
    public static void main(String[] args) throws Exception {
        try (ConfigurableApplicationContext context = SpringApplication.run(OrdersApplication.class, args)) {
            context.getBean(Clerk.class).work();
        }
    }
}
