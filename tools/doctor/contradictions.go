package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gantry/storenode"
)

// contradictions are what several brokers' files cannot all mean; on one host,
// unless they say otherwise by their brokerIP1 or apart is true.
func contradictions(subjects []*Subject, apart bool) (f Findings) {
	for i, one := range subjects {
		for _, other := range subjects[i+1:] {
			f = append(f, ofOneShard(one, other)...)
			if !apart && !differ(one.Config.BrokerIP1, other.Config.BrokerIP1) {
				f = append(f, onOneHost(one, other)...)
			}
		}
	}
	return append(f, masterless(subjects)...)
}

func differ(one, other string) bool { return one != "" && other != "" && one != other }

// pair names a key in two files.
func pair(one, other *Subject, key string) string {
	return one.place(key) + " and " + other.place(key)
}

func onOneHost(one, other *Subject) (f Findings) {
	f = sharedPorts(one, other)
	if one.Proxy != nil || other.Proxy != nil {
		return f
	}
	if one.root() == other.root() {
		f.add(Error, "configuration", "give each a folder of its own, or -apart if they are of different hosts", "%s: two brokers on one store, storePathRootDir=%s", pair(one, other, "storePathRootDir"), one.root())
	} else if one.commitLog() == other.commitLog() {
		f.add(Error, "configuration", "give each a folder of its own, or -apart if they are of different hosts", "%s: two brokers on one commit log, %s", pair(one, other, "storePathCommitLog"), one.commitLog())
	}
	return f
}

func sharedPorts(one, other *Subject) (f Findings) {
	for _, p := range one.ports() {
		for _, q := range other.ports() {
			if p.number == q.number {
				f.add(Error, "configuration", "let their ports differ by three or more, or -apart if they are of different hosts",
					"%s and %s: port %d is the %s port of one and the %s port of the other", one.place(p.key), other.place(q.key), p.number, p.what, q.what)
			}
		}
	}
	return f
}

func ofOneShard(one, other *Subject) (f Findings) {
	a, b := one.Config, other.Config
	if a.BrokerName != b.BrokerName || a.BrokerName == "" || one.Proxy != nil || other.Proxy != nil {
		return nil
	}
	if a.BrokerClusterName != b.BrokerClusterName {
		f.add(Error, "configuration", fmt.Sprintf("write brokerClusterName=%s into all of them", first(one, other).Config.BrokerClusterName),
			"%s: brokers of brokerName=%s are in the clusters %s and %s", pair(one, other, "brokerClusterName"), a.BrokerName, a.BrokerClusterName, b.BrokerClusterName)
	}
	if a.BrokerID == b.BrokerID {
		f.add(Error, "configuration", "0 is the master, each slave has an id of its own above 0", "%s: brokerName=%s has brokerId=%d twice", pair(one, other, "brokerId"), a.BrokerName, a.BrokerID)
	}
	return f
}

// first is the master, or who comes before the other.
func first(one, other *Subject) *Subject {
	if cmp.Compare(one.Config.BrokerID, other.Config.BrokerID) > 0 {
		return other
	}
	return one
}

// masterless are shards of which there are slaves only.
func masterless(subjects []*Subject) (f Findings) {
	subjects = brokers(subjects)
	masters := map[string]bool{}
	for _, s := range subjects {
		masters[s.Config.BrokerName] = masters[s.Config.BrokerName] || s.Config.Role() != storenode.Slave
	}
	var names []string
	for name, has := range masters {
		if !has && len(subjects) > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > 0 {
		f.add(Note, "configuration", "", "there are only slaves of %s among these files", strings.Join(names, ", "))
	}
	return f
}
