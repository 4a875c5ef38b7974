import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/** Runs the official admin tool's commands in one JVM: a line of arguments in, what was printed and a line "." out. */
public class Driver {
    public static void main(String[] ignored) throws Exception {
        PrintStream answers = System.out;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            PrintStream taken = new PrintStream(printed, true, "UTF-8");
            System.setOut(taken);
            System.setErr(taken);
            forgetCommands();
            MQAdminStartup.main0(line.split("\u001f"), null);
            taken.flush();
            for (String row : printed.toString("UTF-8").split("\n", -1)) {
                answers.println(" " + row);
            }
            answers.println(".");
            answers.flush();
        }
    }

    /** Commands keep clients that they have shut down. */
    private static void forgetCommands() throws Exception {
        Field all = MQAdminStartup.class.getDeclaredField("subCommandList");
        all.setAccessible(true);
        ((List<?>) all.get(null)).clear();
    }
}
