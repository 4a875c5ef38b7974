package gantry.compat;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One process that drives many producers and consumers of one stock client version. It reads a command a line from
 * standard input and writes replies and events, a line each, to standard output; it ends when its input ends. It decides
 * nothing: every expectation lives on the side that gives the commands. The commands are described in
 * tools/compat/agent/protocol.go.
 */
public final class Main {
    private interface Command {
        Object run(JSONObject arguments) throws Exception;
    }

    private final Wire wire;
    private final Map<String, Command> commands = new HashMap<>();
    private final ExecutorService workers = Executors.newCachedThreadPool();

    private Main(Wire wire) {
        this.wire = wire;
        Members members = new Members();
        Producers producers = new Producers(members);
        PushConsumers push = new PushConsumers(members, wire);
        PullConsumers pull = new PullConsumers(members);
        Queries queries = new Queries(members);
        Transactions transactions = new Transactions(members, wire);
        commands.put("startProducer", producers::start);
        commands.put("send", producers::send);
        commands.put("request", producers::request);
        commands.put("startTransactionProducer", transactions::start);
        commands.put("sendTransaction", transactions::send);
        commands.put("startPushConsumer", push::start);
        commands.put("startPullConsumer", pull::start);
        commands.put("pull", pull::pull);
        commands.put("commit", pull::commit);
        commands.put("committed", pull::committed);
        commands.put("startLitePullConsumer", pull::startLite);
        commands.put("assign", pull::assign);
        commands.put("seek", pull::seek);
        commands.put("poll", pull::poll);
        commands.put("offset", queries::offset);
        commands.put("view", queries::view);
        commands.put("query", queries::query);
        commands.put("createTopic", queries::createTopic);
        commands.put("ready", arguments -> null);
        commands.put("shutdown", members::shutdown);
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err);
        new Main(new Wire(out)).serve();
        System.exit(0);
    }

    private void serve() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JSONObject request = JSON.parseObject(line);
            workers.execute(() -> answer(request));
        }
    }

    private void answer(JSONObject request) {
        long id = request.getLongValue("id");
        String name = request.getString("command");
        Command command = commands.get(name);
        if (command == null) {
            wire.fail(id, "unknown command " + name);
            return;
        }
        try {
            wire.reply(id, command.run(request.getJSONObject("arguments")));
        } catch (Throwable e) {
            wire.fail(id, Wire.describe(e));
        }
    }
}
