package guides

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unit is a service as systemd would run it.
type unit struct {
	name    string
	service map[string][]string // the [Service] section
}

// unitOf reads a unit of the release; instance stands for its %i.
func (h *host) unitOf(file, instance string) unit {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "dist", "systemd", file))
	if err != nil {
		h.t.Fatal(err)
	}
	u := unit{name: strings.TrimSuffix(strings.Replace(file, "@", "@"+instance, 1), ".service"), service: map[string][]string{}}
	_, section, found := strings.Cut(string(text), "[Service]\n")
	section, _, _ = strings.Cut(section, "\n[")
	for line := range strings.Lines(section) {
		if key, value, is := strings.Cut(strings.TrimSpace(line), "="); is {
			u.service[key] = append(u.service[key], strings.ReplaceAll(value, "%i", instance))
		}
	}
	if !found || len(u.service["ExecStart"]) != 1 || u.one("User") != "gantry" || u.one("Restart") != "on-failure" {
		h.t.Fatalf("%s has the section %v", file, u.service)
	}
	return u
}

func (u unit) one(key string) string { return strings.Join(u.service[key], " ") }

// exec is the unit's process: its environment and nothing else, its folder, a user of its own.
func (u unit) exec() string {
	files := ""
	for _, file := range u.service["EnvironmentFile"] {
		files += "$(cat " + strings.TrimPrefix(file, "-") + ") "
	}
	return fmt.Sprintf("setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=$PATH %s %s%s", u.one("Environment"), files, u.one("ExecStart"))
}

// starts runs the unit's ExecStart and returns its process id; its exit code is left for ends.
func (h *host) starts(u unit) (pid string) {
	h.t.Helper()
	h.does("install -d -o 65534 -g 65534 /var/lib/" + u.one("StateDirectory") + " && rm -f /home/" + u.name + ".*")
	h.does(fmt.Sprintf(`(cd /; %s & echo $! >/home/%[2]s.pid; wait $!; echo $? >/home/%[2]s.code) >/home/%[2]s.out 2>&1 &`, u.exec(), u.name))
	h.shows("/home/"+u.name+".out", "boot success.")
	return strings.TrimSpace(h.does("cat /home/" + u.name + ".pid"))
}

// ends sends the unit's process a signal, as systemd does where there is no ExecStop, and expects an exit code.
func (h *host) ends(u unit, pid, signal, code string) {
	h.t.Helper()
	h.does("kill -" + signal + " " + pid)
	h.shows("/home/"+u.name+".code", code+"\n")
}

// installed has the release where the units look for it, and an administrator's settings.
func (h *host) installed() {
	h.t.Helper()
	h.does("mount -t tmpfs none /opt && mkdir /opt/gantry && mount --bind $ROCKETMQ_HOME /opt/gantry")
	h.does("mount -t tmpfs none /var/lib && mount -t tmpfs none /etc/default && echo NAMESRV_ADDR=192.168.56.1:9876 >/etc/default/gantry")
	h.does("mkdir docs && touch docs/operations.md && cp conf/2m-noslave/broker-a.properties conf/")
}

func TestTheUnitsOfSystemdRun(t *testing.T) {
	n := newNetwork(t)
	h := n.host("testing", "192.168.56.1")
	h.release("/home/rmq/gantry-1", repository, binary())
	h.installed()
	namesrv, broker := h.unitOf("gantry-namesrv.service", ""), h.unitOf("gantry-broker@.service", "broker-a")
	if _, err := exec.LookPath("systemd-analyze"); err == nil {
		if out := h.does("cd systemd && cp gantry-broker@.service gantry-broker@broker-a.service && systemd-analyze verify gantry-namesrv.service gantry-broker@broker-a.service"); out != "" {
			t.Errorf("systemd says of the units:\n%s", out)
		}
	}
	names := h.starts(namesrv)
	first := h.starts(broker)
	h.lists("sh bin/mqadmin clusterList -n 192.168.56.1:9876", "DefaultCluster broker-a 0 192.168.56.1:10911 V4_9_7")
	for role, pid := range map[string]string{"mqnamesrv": names, "mqbroker": first} {
		if out := h.does("bin/gantry ps"); !regexp.MustCompile(`(?m)^` + pid + ` +` + role + ` `).MatchString(out) {
			t.Errorf("process %s that systemd would signal is no %s:\n%s", pid, role, out)
		}
	}
	h.does("test -d /var/lib/gantry/store/commitlog && grep -q 'boot success' /var/lib/gantry/logs/rocketmqlogs/broker.log")
	h.ends(broker, first, "KILL", "137")
	again := h.starts(broker) // Restart=on-failure
	h.lists("sh bin/mqadmin clusterList -n 192.168.56.1:9876", "DefaultCluster broker-a 0 192.168.56.1:10911 V4_9_7")
	h.ends(broker, again, "TERM", "0")
	h.ends(namesrv, names, "TERM", "0")
}
