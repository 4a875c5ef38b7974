package guides

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fieldOutcomes are what the start of each configuration says, by the number of its file: those that are not named here start
// without any of it.
var fieldOutcomes = map[string][]string{
	"000-02": {secondMaster},
	"000-04": {secondMaster},
	"000-05": {oldSize},
	"001-01": {`:4: brokerId: "# 0代表Master" is part of the value; write brokerId=0 and put the comment on a line of its own`},
	"001-02": {`:3: brokerId: "# 1代表Slave" is part of the value; write brokerId=1 and put the comment on a line of its own`},
	"003-11": {oldSize, twice, noLeger},
	"003-12": {oldSize, twice, noLeger, misspelt},
	"003-13": {oldSize, twice, noLeger, misspelt},
}

const (
	secondMaster = "starts as SLAVE"
	oldSize      = "the key is now mappedFileSizeCommitLog"
	misspelt     = "did you mean flushDiskType?"
	twice        = "given twice, first in line 37; the last one counts"
	noLeger      = "automatic failover is not in this release"
)

// outcomesOf are those of a file; all of guide 003 have the old sizes.
func outcomesOf(number string) []string {
	if said, named := fieldOutcomes[number]; named {
		return said
	}
	if strings.HasPrefix(number, "003") {
		return []string{oldSize}
	}
	return nil
}

// Each configuration from the field is really started, where nobody of its cluster is there and no name resolves.
func TestEachConfigurationFromTheFieldStartsOrSaysWhyNot(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "testdata", "field-configs", "*.properties"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	n := newNetwork(t)
	h := n.host("testing", "192.168.1.240")
	const home = "/home/data/application/rocketmq/4.6.0"
	h.release(home, repository, binary())
	h.does("mount -t tmpfs none /usr/local")
	for _, file := range files {
		number := filepath.Base(file)[:len("000-00")]
		t.Run(number, func(t *testing.T) { h.in(t).startsOrSaysWhyNot(home, number) })
	}
}

// in is the host with another test to fail.
func (h *host) in(t *testing.T) *host {
	other := *h
	other.t = t
	return &other
}

var complaint = regexp.MustCompile(`(?m)^.* WARN .*?(key|name_server)=(\S+).*$`)

// warnedOnce expects that no key and no name server is warned of twice, and keys where there is something to be said of them.
func (h *host) warnedOnce(number string, ofKeys bool) {
	h.t.Helper()
	text := h.does("cat " + logs + "/broker.log")
	said := map[string]bool{}
	for _, line := range complaint.FindAllStringSubmatch(text, -1) {
		if of := line[1] + " " + line[2]; said[of] || line[1] == "key" && !ofKeys {
			h.t.Errorf("%s is warned of %s:\n%s", number, of, text)
		} else {
			said[of] = true
		}
	}
}

func (h *host) startsOrSaysWhyNot(home, number string) {
	h.t.Helper()
	h.put(home+"/conf/field.properties", fieldConfig(h.t, number))
	h.does("rm -rf out $HOME/logs $HOME/src $ROCKETMQ_HOME/srote /usr/local/rocketmq")
	defer h.types("sh bin/mqshutdown broker") // where the test has failed
	h.does("(sh bin/mqbroker -c conf/field.properties; echo ended with $?) >out 2>&1 &")
	want := outcomesOf(number)
	if strings.HasPrefix(number, "001") {
		h.shows(home+"/out", "ended with 255")
		h.shows(home+"/out", want[0])
		return
	}
	h.shows(home+"/out", "boot success")
	for _, text := range want {
		h.shows(home+"/out", text)
	}
	if number == "000-05" {
		h.shows(logs+"/broker.log", "name_server=rocketmq-nameserver2:9876")
	}
	h.warnedOnce(number, len(want) > 0)
	h.does("sh bin/mqshutdown broker")
	h.shows(home+"/out", "ended with 0")
}
