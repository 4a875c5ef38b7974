package gantry.compat;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import com.alibaba.fastjson.serializer.SerializerFeature;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The lines that leave this process: replies to commands, and events that nobody asked for. */
final class Wire {
    private final PrintStream out;

    Wire(PrintStream out) {
        this.out = out;
    }

    void reply(long id, Object result) {
        JSONObject line = new JSONObject(true);
        line.put("id", id);
        line.put("result", result == null ? new JSONObject() : result);
        write(line);
    }

    void fail(long id, String error) {
        JSONObject line = new JSONObject(true);
        line.put("id", id);
        line.put("error", error);
        write(line);
    }

    void event(String name, String member, String key, Object value) {
        JSONObject line = new JSONObject(true);
        line.put("event", name);
        line.put("member", member);
        line.put(key, value);
        write(line);
    }

    /** The error as one line, with its causes, so that a failing scenario names the client's own words. */
    static String describe(Throwable e) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (text.length() > 0) {
                text.append("; caused by ");
            }
            text.append(cause.getClass().getSimpleName()).append(": ").append(cause.getMessage());
        }
        return text.toString();
    }

    private synchronized void write(JSONObject line) {
        byte[] bytes = JSON.toJSONString(line, SerializerFeature.DisableCircularReferenceDetect)
            .getBytes(StandardCharsets.UTF_8);
        out.write(bytes, 0, bytes.length);
        out.write('\n');
        out.flush();
    }
}
