import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.filter.SqlFilter;
import org.apache.rocketmq.filter.expression.EvaluationContext;
import org.apache.rocketmq.filter.expression.Expression;
import org.apache.rocketmq.filter.expression.MQFilterException;

/**
 * Asks the evaluator of rocketmq-filter what it says of each case on standard input, and writes the cases with its verdicts, one
 * letter each. The package comment of main.go has the format and the letters.
 */
public class Verdicts {
    private static final int SETS_PER_EXPRESSION = 8;

    private final List<Map<String, Object>> sets = new ArrayList<>();
    private final SqlFilter filter = new SqlFilter();

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        Verdicts verdicts = new Verdicts();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.print(verdicts.answer(line) + "\n");
        }
        out.flush();
    }

    private String answer(String line) {
        String[] fields = line.split("\t", -1);
        if (fields[0].equals("p")) {
            Map<String, Object> set = new HashMap<>();
            for (int i = 1; i < fields.length; i++) {
                int end = fields[i].indexOf('=');
                set.put(fields[i].substring(0, end), plain(fields[i].substring(end + 1)));
            }
            sets.add(set);
            return line;
        }
        return "e\t" + fields[1] + "\t" + of(plain(fields[2]), Integer.parseInt(fields[1])) + "\t" + fields[2];
    }

    private String of(String text, int first) {
        Expression expression;
        try {
            expression = filter.compile(text);
        } catch (MQFilterException e) {
            return unreadable(e.getCause());
        }
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < SETS_PER_EXPRESSION; i++) {
            letters.append(verdict(expression, sets.get((first + i) % sets.size())));
        }
        return letters.toString();
    }

    private static String unreadable(Throwable cause) {
        switch (cause.getClass().getSimpleName()) {
            case "TokenMgrError": return "L";
            case "ParseException": return "P";
            case "RuntimeException": return "R";
            case "NumberFormatException": return "W";
            case "ClassCastException": return "C";
            default: throw new IllegalStateException("an error of no known class", cause);
        }
    }

    private static String verdict(Expression expression, Map<String, Object> set) {
        Object result;
        try {
            result = expression.evaluate(new Properties(set));
        } catch (ClassCastException e) {
            return "c";
        } catch (Exception e) {
            if (e.getMessage() != null && e.getMessage().startsWith("It's illegal")) {
                return "s";
            }
            if (e.getCause() instanceof NumberFormatException) {
                return "n";
            }
            throw new IllegalStateException("a failure of no known class: " + expression, e);
        }
        return result == null ? "N" : result.equals(Boolean.TRUE) ? "T" : "F";
    }

    private static String plain(String escaped) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c == '\\') {
                c = escaped.charAt(++i);
                c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
            }
            text.append(c);
        }
        return text.toString();
    }

    private static final class Properties implements EvaluationContext {
        private final Map<String, Object> set;

        Properties(Map<String, Object> set) {
            this.set = set;
        }

        @Override
        public Object get(String name) {
            return set.get(name);
        }

        @Override
        public Map<String, Object> keyValues() {
            return new HashMap<>(set);
        }
    }
}
