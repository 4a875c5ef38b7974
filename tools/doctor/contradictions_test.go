package doctor

import (
	"strings"
	"testing"

	"gantry/remoting/properties"
	"gantry/storenode"
)

// broker is a Subject of a file with these lines.
func broker(t *testing.T, file, text string) *Subject {
	t.Helper()
	entries, err := properties.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &Subject{File: file, Config: storenode.DefaultConfig(), Entries: entries}
	s.Found = properties.Bind(entries, properties.Options{File: file}, &s.Config)
	return s
}

// lines are findings without their remedies.
func lines(f Findings) string {
	var all []string
	for _, one := range f {
		all = append(all, one.Severity.String()+" "+one.Text)
	}
	return strings.Join(all, "\n")
}

func TestContradictionsBetweenFilesAreNamedWithTheirLines(t *testing.T) {
	const base = "brokerName=a\nbrokerId=0\nlistenPort=10911\nstorePathRootDir=/s\n"
	for _, test := range []struct {
		other, want string
		apart       bool
	}{
		{"brokerName=b\nlistenPort=10921\nstorePathRootDir=/t", "", false},
		{"brokerName=b\nlistenPort=10921\nstorePathRootDir=/s/", "error one:4 and two:3: two brokers on one store, storePathRootDir=/s", false},
		{"brokerName=b\nlistenPort=10921\nstorePathRootDir=/t\nstorePathCommitLog=/s/commitlog", "error one and two:4: two brokers on one commit log, /s/commitlog", false},
		{"brokerName=b\nlistenPort=10913\nstorePathRootDir=/t", "error one:3 and two:2: port 10911 is the broker port of one and the VIP port of the other", false},
		{"brokerName=b\nlistenPort=10914\nstorePathRootDir=/t", "error one:3 and two:2: port 10912 is the HA port of one and the VIP port of the other", false},
		{"brokerName=b\nlistenPort=10911\nstorePathRootDir=/s", "", true},
		{"brokerName=a\nlistenPort=10921\nstorePathRootDir=/t", "error one:2 and two: brokerName=a has brokerId=0 twice", false},
		{"brokerName=a\nbrokerId=1\nbrokerRole=SLAVE\nbrokerClusterName=c\nlistenPort=10921\nstorePathRootDir=/t",
			"error one and two:4: brokers of brokerName=a are in the clusters DefaultCluster and c", false},
		{"brokerName=b\nbrokerId=1\nlistenPort=10921\nstorePathRootDir=/t", "note there are only slaves of b among these files", false},
	} {
		found := contradictions([]*Subject{broker(t, "one", base), broker(t, "two", test.other)}, test.apart)
		if got := lines(found); got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.other, got, test.want)
		}
	}
	one, two := broker(t, "one", base+"brokerIP1=10.0.0.1"), broker(t, "two", strings.Replace(base, "=a", "=b", 1)+"brokerIP1=10.0.0.2")
	if got := contradictions([]*Subject{one, two}, false); len(got) != 0 {
		t.Errorf("brokers with addresses of two hosts: %v", got)
	}
	clusters := contradictions([]*Subject{broker(t, "slave", "brokerName=a\nbrokerId=1\nbrokerClusterName=wrong"), broker(t, "master", "brokerName=a\nbrokerClusterName=right")}, true)
	if clusters[0].Remedy != "write brokerClusterName=right into all of them" {
		t.Errorf("the master's cluster is not the one: %s", clusters[0].Remedy)
	}
}

func TestWhatIsOddAboutAFileIsFound(t *testing.T) {
	s := broker(t, "f", "flushDiskTyp=x\nbrokerName=b")
	if got := lines(configuration([]*Subject{s})); got != "warning f:1: flushDiskTyp: unknown key, ignored; did you mean flushDiskType?" {
		t.Errorf("got %s", got)
	}
	if got := lines(configuration([]*Subject{broker(t, "f", "brokerName=b")})); got != "fine f: 1 keys, nothing odd" {
		t.Errorf("got %s", got)
	}
	s = broker(t, "f", "listenPort=x\nfileReservedTime=y")
	s.Err = s.Found.Err()
	if got := configuration([]*Subject{s}); len(got) != 2 || got.worst() != Error || got.exitCode() != 2 {
		t.Errorf("got %s", lines(got))
	}
}
