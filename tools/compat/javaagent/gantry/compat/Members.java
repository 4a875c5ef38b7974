package gantry.compat;

import com.alibaba.fastjson.JSONObject;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The producers and consumers of this process by the name their commander gave them. */
final class Members {
    private static final class Member {
        final Object client;
        final Runnable stop;

        Member(Object client, Runnable stop) {
            this.client = client;
            this.stop = stop;
        }
    }

    private final Map<String, Member> members = new ConcurrentHashMap<>();

    void put(String name, Object client, Runnable stop) {
        if (members.putIfAbsent(name, new Member(client, stop)) != null) {
            throw new IllegalArgumentException("member " + name + " exists");
        }
    }

    Object get(String name) {
        Member member = members.get(name);
        if (member == null) {
            throw new IllegalArgumentException("no member " + name);
        }
        return member.client;
    }

    <T> T get(JSONObject arguments, Class<T> kind) {
        return kind.cast(get(arguments.getString("member")));
    }

    Object shutdown(JSONObject arguments) {
        String name = arguments.getString("member");
        get(name);
        members.remove(name).stop.run();
        return null;
    }
}
