package compat

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// What the official benchmark would print (4.9, and 5.x of timers), with something of everything that a run was told to do.
const (
	batchLine         = `Current Time: \d+ Send TPS: [1-9]\d* Send MPS: [1-9]\d* Max RT\(ms\): \d+ Average RT\(ms\): [ \d]+\.\d{3} Average Message RT\(ms\): [ \d]+\.\d{3} Send Failed: 0 Send Message Failed: 0`
	transactionLine   = `Current Time: \d+ Send TPS: *[1-9]\d* Max RT\(ms\): *\d+ AVG RT\(ms\):\d+\.\d Send Failed: 0 check: [1-9]\d* unexpectedCheck: 0 duplicatedCheck: 0 `
	consumerLine      = `Current Time: \d+ TPS: \d+ FAIL: \d+ AVG\(B2C\) RT\(ms\): [ \d]+\.\d{3} AVG\(S2C\) RT\(ms\): [ \d]+\.\d{3} MAX\(B2C\) RT\(ms\): \d+ MAX\(S2C\) RT\(ms\): \d+`
	timerProducerLine = `Send TPS: [1-9]\d*, Max RT: \d+, Average RT: [ \d]+\.\d{3}, Send Failed: 0, Response Failed: 0`
	timerConsumerLine = `Consume TPS: \d+, Avg delayedDuration: [ -]*\d+\.\d{3}, Max delayedDuration: -?\d+, delayDuration %25: -?\d+, %50: -?\d+; %80: -?\d+; %90: -?\d+; %99: -?\d+; %99\.9: -?\d+`

	received = `B2C Latency\(ms\) Mean: [1-9].*` // a while after they were born
)

// The real broker here knows no timers: it delivers at once, two minutes early.
func TestTheBenchmarksWorkloadsRunAgainstTheRealBroker(t *testing.T) {
	t.Parallel()
	srv, _ := startWithAccounts(t, everybody)
	load := func(want, workload string, options ...string) {
		t.Helper()
		wantLine(t, bench(t, srv, workload, options...), want)
	}
	load(batchLine, "batchproducer", "-t", "Batches", "-w", "2", "-l", "4", "-ri", "1000", "--seconds", "8")
	load(transactionLine, "tproducer", "-t", "Transactions", "-w", "2", "-i", "50", "-sr", "0.1", "-su", "0.5", "-cr", "0.2", "-cu", "0.4", "-ri", "5000", "--seconds", "25")
	load(timerProducerLine, "timerproducer", "-t", "Timers", "-tc", "1", "-st", "2", "-mt", "100000", "-ri", "1000", "--seconds", "8")
	load(timerConsumerLine, "timerconsumer", "-t", "Timers", "--from-first", "-ri", "1000", "--seconds", "10")
	expression := filepath.Join(t.TempDir(), "expression")
	writeFile(t, expression, []byte("TAGS = 'tag1'"))
	out := bench(t, srv, "consumer", "-t", "Batches", "-g", "readers", "-p", "true", "-f", "SQL92", "-e", expression, "-r", "0.1", "--from-first", "-ri", "1000", "--seconds", "10")
	wantLine(t, out, consumerLine)
	wantLine(t, out, received)
}

// The broker's plain_acl.yml: who is let in without a signature, and who may sign.
const (
	everybody = "globalWhiteRemoteAddresses:\n- 127.0.0.1\n"
	nobody    = "globalWhiteRemoteAddresses:\n- 192.0.2.1\n" // an empty list it takes for no change
	accounts  = "accounts:\n- accessKey: rocketmq2\n  secretKey: '12345678'\n  admin: true\n"
)

func TestTheRealBrokerTakesSignedRequests(t *testing.T) {
	t.Parallel()
	srv, acl := startWithAccounts(t, everybody)
	writeFile(t, acl, []byte(nobody+accounts)) // it asked nobody while it started; it looks at the file each 5 s
	const refused, stored = `\[Complete\] .* Response Failed: 1`, `\[Complete\] Send Total: 10 .*Send Failed: 0 Response Failed: 0`
	stage.Eventually(t, time.Minute, "a refusal of what is not signed", func() bool {
		return regexp.MustCompile(refused).MatchString(bench(t, srv, "producer", "-q", "1", "-w", "1"))
	})
	for _, c := range []struct {
		line     string
		workload []string
	}{
		{stored, []string{"producer", "-q", "10", "-w", "1", "-a", "true"}},
		{stored, []string{"producer", "-q", "10", "-w", "1", "-y", "true", "-a", "true", "--header", "json"}},
		{refused, []string{"producer", "-q", "1", "-w", "1", "-a", "true", "-sk", "wrong"}},
		{transactionLine, []string{"tproducer", "-a", "true", "-w", "1", "-i", "50", "-su", "1", "-ri", "5000", "--seconds", "20"}},
		{received, []string{"consumer", "-a", "true", "-r", "0.5", "--from-first", "-ri", "1000", "--seconds", "10"}},
	} {
		wantLine(t, bench(t, srv, c.workload[0], c.workload[1:]...), c.line)
	}
}

// wantLine fails unless a whole line of what a run has printed matches.
func wantLine(t *testing.T, printed, line string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(printed) {
		t.Errorf("no line is %s in\n%s", line, printed)
	}
}

// startWithAccounts starts the real broker with ACL, SQL92 and transactions that are checked soon, and returns the path of its accounts.
func startWithAccounts(t *testing.T, accounts string) (srv server.Server, file string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "server")
	file = filepath.Join(dir, "conf", "plain_acl.yml")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, []byte(accounts))
	properties := checkProperties()
	properties["aclEnable"], properties["enablePropertyFilter"], properties["transactionCheckMax"] = "true", "true", "15"
	srv, err := server.New(server.Real, server.Config{Set: theatre.Artifacts(t), Dir: dir, Shape: server.Standalone, Properties: properties})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return srv, file
}

// bench runs a workload to its end and returns what it printed.
func bench(t *testing.T, srv server.Server, workload string, options ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(theatre.Artifacts(t).Repository(), "bin", "gantry"),
		append([]string{"bench", workload, "-n", srv.Namesrv()}, options...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", workload, options, err, &out, &complaints)
	}
	return out.String()
}
