package guides

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is the main module's folder.
const repository = "../../.."

// binary is the gantry that `make build` has made, or another.
func binary() string {
	if path := os.Getenv("GANTRY_BINARY"); path != "" {
		return path
	}
	return filepath.Join(repository, "bin", "gantry")
}

// fieldConfig is a broker's configuration as the guide of its number has it.
func fieldConfig(t *testing.T, number string) []byte {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(repository, "testdata", "field-configs", number+"-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("configuration %s: %v, %v", number, found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	logs        = "/home/rmq/logs/rocketmqlogs"
	namesrvBoot = "The Name Server boot success..." // as guides quote it; three dots stand for what follows
)

func (h *host) boot(log, quoted string) {
	h.t.Helper()
	h.shows(log, strings.TrimSuffix(quoted, "..."))
}

// shutdown expects that a kind of processes ends after mqshutdown, and that a second one finds none.
func (h *host) shutdown(command, kind string, processes int) {
	h.t.Helper()
	out := h.does(command + " " + kind)
	said := regexp.MustCompile(`^The mq` + kind + `\(([\d ]+)\) is running\.\.\.\nSend shutdown request to mq` + kind + `\(([\d ]+)\) OK\n$`).FindStringSubmatch(out)
	if said == nil || len(strings.Fields(said[1])) != processes {
		h.t.Errorf("%s: mqshutdown %s said %q, want %d processes", h.name, kind, out, processes)
	}
	eventually(h.t, func() error {
		if out := h.does("bin/gantry ps"); strings.Contains(out, "mq"+kind) {
			return fmt.Errorf("%s: after mqshutdown %s there are\n%s", h.name, kind, out)
		}
		return nil
	})
	if out, code := h.types(command + " " + kind); out != "No mq"+kind+" running.\n" || code != 255 {
		h.t.Errorf("%s: a second mqshutdown %s: exit code %d, %q", h.name, kind, code, out)
	}
}

// lists expects the rows of `mqadmin clusterList`: cluster, name, id and address of each broker.
func (h *host) lists(command string, rows ...string) {
	h.t.Helper()
	eventually(h.t, func() error {
		out, code := h.types(command)
		var found []string
		for _, line := range strings.Split(out, "\n")[1:] {
			if f := strings.Fields(line); len(f) >= 5 {
				found = append(found, strings.Join(f[:5], " "))
			}
		}
		if code != 0 || strings.Join(found, "\n") != strings.Join(rows, "\n") {
			return fmt.Errorf("%s: %s: exit code %d\n%s\nwant\n%s", h.name, command, code, out, strings.Join(rows, "\n"))
		}
		return nil
	})
}

func TestSingleMaster(t *testing.T) {
	clients := stockClients(t)
	n := newNetwork(t)
	h := n.host("testing", "192.168.1.2")
	h.release("/home/rmq/rocketmq-4.9.7", repository, binary())
	if out, code := h.types("getent hosts testing"); code == 0 {
		t.Fatalf("the host's name resolves: %s", out)
	}
	h.does("cd bin && nohup sh mqnamesrv >ns.out 2>&1 &")
	h.boot(logs+"/namesrv.log", namesrvBoot)
	h.does("nohup sh bin/mqbroker -n localhost:9876 >nohup.out 2>&1 &")
	h.boot(logs+"/broker.log", "The broker[testing, 192.168.1.2:10911] boot success...")
	h.boot("/home/rmq/rocketmq-4.9.7/nohup.out", "The broker[testing, 192.168.1.2:10911] boot success...")
	h.lists("sh bin/mqadmin clusterList -n localhost:9876", "DefaultCluster testing 0 192.168.1.2:10911 V4_9_7")
	h.producesAndConsumes(clients, "127.0.0.1:9876") // the Go client takes no names
	if out := h.does("bin/gantry ps"); !regexp.MustCompile(`(?m)^\d+ +mqbroker +[\d,]*\b10909,10911\b.* -$`).MatchString(out) ||
		!regexp.MustCompile(`(?m)^\d+ +mqnamesrv +[\d,]*\b9876\b.* -$`).MatchString(out) {
		t.Errorf("gantry ps printed\n%s", out)
	}
	h.shutdown("sh bin/mqshutdown", "broker", 1)
	h.shutdown("sh bin/mqshutdown", "namesrv", 1)
}

func TestTheReleasesOtherScripts(t *testing.T) {
	n := newNetwork(t)
	h := n.host("testing", "192.168.1.2")
	const home = "/home/rmq/rocketmq-4.9.7"
	h.release(home, repository, binary())
	if out := h.does("cd bin && sh play.sh"); out != "Start Name Server and Broker Successfully, 127.0.0.1:9876\n" {
		t.Errorf("play.sh said %q", out)
	}
	h.boot(home+"/bin/ns.log", namesrvBoot)
	h.boot(home+"/bin/bk.log", "The broker[testing, 192.168.1.2:10911] boot success...")
	h.does("cd benchmark && sh producer.sh -n 127.0.0.1:9876 -w 2 >p.out 2>&1")
	h.shows(home+"/benchmark/p.out", "Send TPS: ")
	if out := h.does("sh benchmark/shutdown.sh producer"); !regexp.MustCompile(`^The benchmark producer\(\d+\) is running\.\.\.\nSend shutdown request to benchmark producer\(\d+\) OK\n$`).MatchString(out) {
		t.Errorf("shutdown.sh producer said %q", out)
	}
	if out, code := h.types("sh benchmark/shutdown.sh consumer"); out != "No benchmark consumer running.\n" || code != 255 {
		t.Errorf("shutdown.sh consumer: exit code %d, %q", code, out)
	}
	h.does("cd benchmark && sh tproducer.sh -n 127.0.0.1:9876 -w 2 >t.out 2>&1 && sh batchproducer.sh -n 127.0.0.1:9876 -w 2 >b.out 2>&1")
	h.shows(home+"/benchmark/t.out", "AVG RT(ms):")
	h.shows(home+"/benchmark/b.out", "Send MPS: ")
	h.does("sh benchmark/shutdown.sh tproducer && sh benchmark/shutdown.sh bproducer")
	h.does("sh bin/runserver.sh -h && sh bin/tools.sh org.apache.rocketmq.tools.command.MQAdminStartup topicList -n 127.0.0.1:9876")
	h.shutdown("bin/mqshutdown", "broker", 1)
	h.shutdown("bin/mqshutdown", "namesrv", 1)
}

// Guide 002: the official conf files of each mode, from bin/, all registered with the first host's name server.
func TestTheModesOfTheShippedConfiguration(t *testing.T) {
	clients := stockClients(t)
	for mode, files := range map[string][]string{
		"2m-noslave":  {"broker-a", "broker-b"},
		"2m-2s-async": {"broker-a", "broker-b", "broker-a-s", "broker-b-s"},
		"2m-2s-sync":  {"broker-a", "broker-b", "broker-a-s", "broker-b-s"},
	} {
		t.Run(mode, func(t *testing.T) {
			n := newNetwork(t)
			const home = "/home/rmq/rocketmq-4.9.7"
			var hosts []*host
			var rows []string
			for i, file := range files {
				h := n.host(fmt.Sprint("host", i+1), fmt.Sprint("192.168.1.", i+1))
				h.release(home, repository, binary())
				h.does("cd bin && nohup sh mqnamesrv >/dev/null 2>&1 &")
				hosts = append(hosts, h)
				rows = append(rows, fmt.Sprintf("DefaultCluster %s %d %s:10911 V4_9_7", file[:8], strings.Count(file, "-s"), h.addr))
			}
			for i, h := range hosts {
				h.boot(logs+"/namesrv.log", namesrvBoot)
				h.does("cd bin && nohup sh mqbroker -n 192.168.1.1:9876 -c $ROCKETMQ_HOME/conf/" + mode + "/" + files[i] + ".properties >/dev/null 2>&1 &")
			}
			for i, h := range hosts {
				h.boot(logs+"/broker.log", "The broker["+files[i][:8]+", "+h.addr+":10911] boot success...")
			}
			slices.Sort(rows)
			hosts[1].lists("sh bin/mqadmin clusterList -n 192.168.1.1:9876", rows...)
			hosts[1].producesAndConsumes(clients, "192.168.1.1:9876")
			for _, h := range hosts {
				h.shutdown("sh bin/mqshutdown", "broker", 1)
				h.shutdown("sh bin/mqshutdown", "namesrv", 1)
			}
		})
	}
}

// Guide 003: rocketmq1 and rocketmq2, the logs moved by sed.
func TestTwoMastersWithoutSlaves(t *testing.T) {
	clients := stockClients(t)
	n := newNetwork(t)
	const home = "/home/rmq/src/rocketmq/rocketmq-4.9.7"
	one, two := n.host("rocketmq1", "192.168.56.1"), n.host("rocketmq2", "192.168.56.2")
	for i, h := range []*host{one, two} {
		h.release(home, repository, binary())
		h.put(home+"/conf/2m-noslave/broker-"+string("ab"[i])+".properties", fieldConfig(t, fmt.Sprintf("003-%02d", i+1)))
		h.does("bash -c 'mkdir -p /home/rmq/src/rocketmq/data/store /home/rmq/src/rocketmq/data/store/{commitlog,consumequeue,index}'")
		h.does("sed -i 's#${user.home}#/home/rmq/src/rocketmq/data#g' conf/*.xml")
		h.does("nohup sh bin/mqnamesrv >/dev/null 2>&1 &")
	}
	const moved = "/home/rmq/src/rocketmq/data/logs/rocketmqlogs"
	for i, h := range []*host{one, two} {
		h.boot(moved+"/namesrv.log", namesrvBoot)
		h.does("nohup sh bin/mqbroker -c conf/2m-noslave/broker-" + string("ab"[i]) + ".properties >/dev/null 2>&1 &")
	}
	for i, h := range []*host{one, two} {
		h.boot(moved+"/broker.log", fmt.Sprintf("The broker[rocketmq-broker-m%d, 192.168.56.%d:10911] boot success...", i+1, i+1))
	}
	const cluster = "rocketmq-2m-noslave-cluster rocketmq-broker-m"
	for _, h := range []*host{one, two} {
		for _, namesrv := range []string{"192.168.56.1:9876", "192.168.56.2:9876"} {
			h.lists("sh bin/mqadmin clusterList -n "+namesrv, cluster+"1 0 192.168.56.1:10911 V4_9_7", cluster+"2 0 192.168.56.2:10911 V4_9_7")
		}
	}
	one.producesAndConsumes(clients, "192.168.56.2:9876")
	for _, h := range []*host{one, two} {
		h.shutdown("bin/mqshutdown", "namesrv", 1)
		h.shutdown("bin/mqshutdown", "broker", 1)
	}
}

// Guide 000: two hosts, each with a name server, one master and the other's slave, whose role the guide gives wrongly.
func TestTwoMastersAndTheirSlavesOnTwoHosts(t *testing.T) {
	clients := stockClients(t)
	n := newNetwork(t)
	const home = "/home/data/application/rocketmq/4.6.0"
	a, b := n.host("testing", "192.168.1.240"), n.host("testing2", "192.168.1.241")
	files := map[*host][]struct{ name, number string }{
		a: {{"broker-a", "000-01"}, {"broker-b-s", "000-02"}},
		b: {{"broker-b", "000-03"}, {"broker-a-s", "000-04"}},
	}
	for _, h := range []*host{a, b} {
		h.release(home, repository, binary())
		for _, f := range files[h] {
			h.put(home+"/conf/2m-2s-async/"+f.name+".properties", fieldConfig(t, f.number))
		}
		h.does("nohup sh bin/mqnamesrv >nohup.out 2>&1 &")
		h.boot(home+"/nohup.out", namesrvBoot)
	}
	for _, f := range []struct {
		h    *host
		name string
		addr string
	}{{a, "broker-a", ":10911"}, {a, "broker-b-s", ":10950"}, {b, "broker-b", ":10950"}, {b, "broker-a-s", ":10911"}} {
		f.h.does("nohup sh bin/mqbroker -c $ROCKETMQ_HOME/conf/2m-2s-async/" + f.name + ".properties >>nohup.out 2>&1 &")
		f.h.boot(home+"/nohup.out", "The broker["+f.name[:8]+", "+f.h.addr+f.addr+"] boot success...")
	}
	a.shows(home+"/nohup.out", "brokerId") // that a slave is called a master is said where it was started
	const cluster = "rocketmq_cluster broker-"
	rows := []string{cluster + "a 0 192.168.1.240:10911 V4_9_7", cluster + "a 1 192.168.1.241:10911 V4_9_7",
		cluster + "b 0 192.168.1.241:10950 V4_9_7", cluster + "b 1 192.168.1.240:10950 V4_9_7"}
	a.lists("cd bin && sh mqadmin clusterlist -n 192.168.1.240:9876", rows...)
	a.lists(`cd bin && export NAMESRV_ADDR="192.168.1.240:9876;192.168.5.241:9876" && sh mqadmin clusterlist`, rows...)
	a.lists(`cd bin && export NAMESRV_ADDR="192.168.5.241:9876;192.168.1.240:9876" && sh mqadmin clusterlist`, rows...)
	a.producesAndConsumes(clients, "192.168.1.241:9876")
	for _, h := range []*host{a, b} {
		h.shutdown("sh bin/mqshutdown", "broker", 2)
		h.shutdown("sh bin/mqshutdown", "namesrv", 1)
	}
}

// Guide 003: four hosts, a name server and a broker each; the section on synchronous replication keeps the folder's name.
func TestTwoMastersAndTheirSlavesOnFourHosts(t *testing.T) {
	clients := stockClients(t)
	for mode, first := range map[string]int{"async": 3, "sync": 7} {
		t.Run(mode, func(t *testing.T) {
			n := newNetwork(t)
			const home = "/home/rmq/src/rocketmq/rocketmq-4.9.7"
			brokers := []struct{ file, name string }{{"broker-a", "m1"}, {"broker-b", "m2"}, {"broker-a-s", "m1"}, {"broker-b-s", "m2"}}
			var hosts []*host
			for i, b := range brokers {
				h := n.host(fmt.Sprint("rocketmq", i+1), fmt.Sprint("192.168.56.", i+1))
				h.release(home, repository, binary())
				h.put(home+"/conf/2m-2s-async/"+b.file+".properties", fieldConfig(t, fmt.Sprintf("003-%02d", first+i)))
				h.does("nohup sh bin/mqnamesrv >/dev/null 2>&1 &")
				hosts = append(hosts, h)
			}
			for i, h := range hosts {
				h.boot(logs+"/namesrv.log", namesrvBoot)
				h.does("nohup sh bin/mqbroker -c conf/2m-2s-async/" + brokers[i].file + ".properties >/dev/null 2>&1 &")
			}
			for i, h := range hosts {
				h.boot(logs+"/broker.log", fmt.Sprintf("The broker[rocketmq-broker-%s, 192.168.56.%d:10911] boot success...", brokers[i].name, i+1))
			}
			const cluster = "rocketmq-2m-slave-cluster-async rocketmq-broker-"
			hosts[3].lists("sh bin/mqadmin clusterList -n 192.168.56.2:9876",
				cluster+"m1 0 192.168.56.1:10911 V4_9_7", cluster+"m1 1 192.168.56.3:10911 V4_9_7",
				cluster+"m2 0 192.168.56.2:10911 V4_9_7", cluster+"m2 1 192.168.56.4:10911 V4_9_7")
			hosts[0].producesAndConsumes(clients, "192.168.56.4:9876")
			for _, h := range hosts {
				h.shutdown("bin/mqshutdown", "namesrv", 1)
				h.shutdown("bin/mqshutdown", "broker", 1)
			}
		})
	}
}
