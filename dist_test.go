package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// releaseFolder is a release folder, its path with a blank in it, whose binary is
// this test, and a host's home folder.
type releaseFolder struct {
	t          *testing.T
	dir, home  string
	listenPort int // of broker-a
	namesrv    int
}

func newRelease(t *testing.T) *releaseFolder {
	t.Helper()
	r := &releaseFolder{t: t, dir: filepath.Join(t.TempDir(), "rocketmq 4.9"), home: filepath.Join(t.TempDir(), "rmq")}
	r.listenPort, r.namesrv = freePorts(t)
	if err := os.CopyFS(r.dir, os.DirFS("dist")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(r.home, 0o755), os.Symlink(self, r.file("bin/gantry"))); err != nil {
		t.Fatal(err)
	}
	r.append("conf/2m-noslave/broker-a.properties", fmt.Sprintf("listenPort=%d\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nstorePathRootDir=$ROCKETMQ_HOME/srote/a\n", r.listenPort))
	write(t, r.file("conf/namesrv.properties"), fmt.Sprintf("listenPort=%d\nbindAddress=127.0.0.1\n", r.namesrv))
	return r
}

func (r *releaseFolder) file(name string) string {
	return filepath.Join(r.dir, filepath.FromSlash(name))
}

func (r *releaseFolder) append(name, text string) {
	r.t.Helper()
	old, err := os.ReadFile(r.file(name))
	if err != nil {
		r.t.Fatal(err)
	}
	write(r.t, r.file(name), string(old)+text)
}

// shell is a command line as an operator types it, in a folder. What it starts
// belongs to its process group, which ends with the test.
type shell struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err bytes.Buffer
}

func (r *releaseFolder) shell(in, line string, env ...string) *shell {
	r.t.Helper()
	s := &shell{t: r.t, cmd: exec.Command("sh", "-c", line)}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = in, &s.out, &s.err
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.home, asEnv + "=" + asGantry}, env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.WaitDelay = processBound
	if err := s.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) })
	return s
}

// run is a command line that ends, with what it printed and its exit code.
func (r *releaseFolder) run(in, line string, env ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	s := r.shell(in, line, env...)
	kill := time.AfterFunc(processBound, func() { syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) })
	defer kill.Stop()
	s.cmd.Wait()
	return s.out.String(), s.err.String(), s.cmd.ProcessState.ExitCode()
}

// stop ends all that the line started, and waits for it.
func (s *shell) stop() {
	s.t.Helper()
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	s.cmd.Wait()
	eventually(s.t, func() error {
		if err := syscall.Kill(-s.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("processes of group %d still run: %v", s.cmd.Process.Pid, err)
		}
		return nil
	})
}

// eventually polls until f is content.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(processBound)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// says polls until a file holds a line with text.
func says(t *testing.T, file, text string) {
	t.Helper()
	eventually(t, func() error {
		found, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(found), text) {
			return fmt.Errorf("%s does not say %q: %v\n%s", file, text, err, found)
		}
		return nil
	})
}

const namesrvBoot = "The Name Server boot success. serializeType=JSON"

func (r *releaseFolder) brokerBoot(note string) string {
	return fmt.Sprintf("The broker[broker-a, 127.0.0.1:%d] boot success. serializeType=JSON%s", r.listenPort, note)
}

func TestAMasterIsStartedAsTheGuidesDo(t *testing.T) {
	r := newRelease(t)
	home := "ROCKETMQ_HOME=" + r.dir
	r.shell(r.dir, "nohup sh bin/mqnamesrv -c conf/namesrv.properties & wait", home)
	logs := filepath.Join(r.home, "logs", "rocketmqlogs")
	says(t, filepath.Join(logs, "namesrv.log"), " INFO main - "+namesrvBoot)
	broker := r.shell(r.dir, fmt.Sprintf("nohup sh bin/mqbroker -n 127.0.0.1:%d -c conf/2m-noslave/broker-a.properties >nohup.out & wait", r.namesrv), home)
	boot := r.brokerBoot(fmt.Sprintf(" and name server is 127.0.0.1:%d", r.namesrv))
	says(t, filepath.Join(logs, "broker.log"), " INFO main - "+boot)
	says(t, r.file("nohup.out"), boot+"\n")
	if _, err := os.Stat(r.file("srote/a/lock")); err != nil {
		t.Errorf("$ROCKETMQ_HOME in a path: %v", err)
	}
	broker.stop()
	says(t, filepath.Join(logs, "broker.log"), " INFO main - stopped")
}

func TestTheCommandsWorkFromEverywhere(t *testing.T) {
	r := newRelease(t)
	elsewhere := t.TempDir()
	for _, link := range []string{"mqbroker", "mqb"} {
		if err := os.Symlink(r.file("bin/mqbroker"), filepath.Join(elsewhere, link)); err != nil {
			t.Fatal(err)
		}
	}
	config := "'" + r.file("conf/2m-noslave/broker-a.properties") + "'"
	path := "PATH=" + r.file("bin") + ":" + os.Getenv("PATH")
	for _, c := range []struct{ in, line string }{
		{r.dir, "bin/mqbroker -c " + config},
		{r.file("bin"), "sh mqbroker -c ../conf/2m-noslave/broker-a.properties"},
		{r.file("bin"), "sh runbroker.sh org.apache.rocketmq.broker.BrokerStartup -c ../conf/2m-noslave/broker-a.properties"},
		{elsewhere, "mqbroker -c " + config},
		{elsewhere, "bash mqbroker -c " + config},
		{elsewhere, "./mqb -c " + config},
		{elsewhere, "sh '" + r.file("bin/mqbroker") + "' -c " + config},
		{"/", "CDPATH=/usr sh '." + r.file("bin/mqbroker") + "' -c " + config},
	} {
		s := r.shell(c.in, c.line+" >'"+r.file("out")+"'", path)
		says(t, r.file("out"), r.brokerBoot(""))
		s.stop()
		if err := errors.Join(os.RemoveAll(r.file("srote")), os.Remove(r.file("out"))); err != nil {
			t.Errorf("%s: %v", c.line, err) // the store lies in the release: ROCKETMQ_HOME was found
		}
	}
}

func TestWhereTheNameServersComeFrom(t *testing.T) {
	r := newRelease(t)
	const file, typed, environment = "127.0.0.1:1;127.0.0.1:2", "127.0.0.1:3", "NAMESRV_ADDR=127.0.0.1:4"
	start := func(option, want string) {
		t.Helper()
		s := r.shell(r.dir, "bin/mqbroker -c conf/2m-noslave/broker-a.properties "+option+" >out", environment)
		says(t, r.file("out"), r.brokerBoot(" and name server is "+want))
		s.stop()
		os.Remove(r.file("out"))
	}
	start("", "127.0.0.1:4")
	start("-n "+typed, typed)
	r.append("conf/2m-noslave/broker-a.properties", "namesrvAddr="+file+"\n")
	start("", file)
	start("-n "+typed, typed)
}

// The guides move the logs by a sed over conf/*.xml, and edit JVM options.
func TestEditsOfTheGuidesWork(t *testing.T) {
	r := newRelease(t)
	_, stderr, code := r.run(r.dir, "mkdir data && sed -i \"s#\\${user.home}#$PWD/data#g\" conf/*.xml && sed -i 's/-Xms4g -Xmx4g/-Xms256m -Xmx256m -Xmn128m/' bin/runserver.sh bin/runbroker.sh")
	if code != 0 {
		t.Fatal(stderr)
	}
	r.shell(r.dir, "sh bin/mqnamesrv -c conf/namesrv.properties")
	says(t, r.file("data/logs/rocketmqlogs/namesrv.log"), namesrvBoot)
	s := r.shell(r.dir, "sh bin/runbroker.sh -c conf/2m-noslave/broker-a.properties")
	says(t, r.file("data/logs/rocketmqlogs/broker.log"), r.brokerBoot(""))
	s.stop()
	if _, err := os.Stat(filepath.Join(r.home, "logs")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there are logs in the home folder too: %v", err)
	}
}

func TestAStartThatFailsSaysWhyWhereItWasTyped(t *testing.T) {
	r := newRelease(t)
	bad := func(name, line string) string {
		write(t, r.file("conf/"+name), line)
		return "bin/mqbroker -c conf/" + name
	}
	for _, c := range []struct {
		line string
		says string
		code int
	}{
		{bad("x.properties", "flushDiskType=SOON\n"), `conf/x.properties:1: flushDiskType: "SOON" is neither`, 255},
		{"bin/mqbroker -c conf/none.properties", "no such file", 255},
		{"bin/mqbroker -n somewhere", `The Name Server Address[somewhere] illegal`, 253},
		{"bin/mqbroker -n h:99999", `The Name Server Address[h:99999] illegal`, 253},
		{"bin/mqbroker -frob", "-frob: see gantry mqbroker --help", 1},
		{"bin/mqnamesrv now", `mqnamesrv takes no argument "now"`, 1},
		{"bin/mqnamesrv -c conf/x.properties -c conf/none.properties", "no such file", 255},
	} {
		stdout, stderr, code := r.run(r.dir, c.line)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Count(stderr, c.says) != 1 {
			t.Errorf("%s: exit code %d, printed %q, said %q; want %q once and code %d", c.line, code, stdout, stderr, c.says, c.code)
		}
	}
	says(t, filepath.Join(r.home, "logs", "rocketmqlogs", "broker.log"), `ERROR main - mqbroker ends err="conf/x.properties:1`)
}

// Ctrl-C in the terminal where a script has started a server is not for the server.
func TestAServerInTheBackgroundHearsNoInterrupt(t *testing.T) {
	r := newRelease(t)
	s := r.shell(r.dir, "trap '' INT; sh bin/mqnamesrv -c conf/namesrv.properties >out")
	says(t, r.file("out"), namesrvBoot)
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.stop()
	says(t, filepath.Join(r.home, "logs", "rocketmqlogs", "namesrv.log"), "stopping signal=terminated")
}

// What is odd in a configuration is said where the broker was started, and the
// rest of its log is in the file alone.
func TestWarningsOfAStartAreSeen(t *testing.T) {
	r := newRelease(t)
	r.append("conf/2m-noslave/broker-a.properties", "flushDiskTyp=SYNC_FLUSH\n")
	s := r.shell(r.dir, "sh bin/mqbroker -c conf/2m-noslave/broker-a.properties >nohup.out 2>&1")
	says(t, r.file("nohup.out"), "boot success")
	s.stop()
	text, err := os.ReadFile(r.file("nohup.out"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "WARN main - configuration file=conf/2m-noslave/broker-a.properties") || !strings.Contains(string(text), "flushDiskType") {
		t.Errorf("no warning of the misspelt key: %s", text)
	}
	if strings.Contains(string(text), "INFO") {
		t.Errorf("more than warnings: %s", text)
	}
}

func TestALogThatCannotBeIsNoReasonNotToStart(t *testing.T) {
	r := newRelease(t)
	write(t, filepath.Join(r.home, "logs"), "a file stands here")
	s := r.shell(r.dir, "sh bin/mqbroker -c conf/2m-noslave/broker-a.properties 2>out2")
	says(t, r.file("out2"), "WARN main - no log file, this is the log")
	says(t, r.file("out2"), "INFO main - "+r.brokerBoot(""))
	s.stop()
	write(t, r.file("conf/logback_broker.xml"), "<configuration>")
	if err := os.Remove(filepath.Join(r.home, "logs")); err != nil {
		t.Fatal(err)
	}
	s = r.shell(r.dir, "sh bin/mqbroker -c conf/2m-noslave/broker-a.properties 2>out2")
	says(t, r.file("out2"), "logback_broker.xml: ")
	says(t, filepath.Join(r.home, "logs", "rocketmqlogs", "broker.log"), r.brokerBoot(""))
	s.stop()
}

// The scripts differ in their last lines alone.
func TestEveryScriptFindsItsFolderInTheSameWay(t *testing.T) {
	const end = "export ROCKETMQ_HOME\n"
	var first string
	files, err := filepath.Glob("dist/bin/*")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		finding, own, found := strings.Cut(string(text), end)
		_, finding, _ = strings.Cut(finding, "# It finds")
		if first == "" {
			first = finding
		}
		info, err := os.Stat(file)
		if !found || finding != first || !strings.Contains(own, `"$bin/gantry" `) || err != nil || info.Mode()&0o111 != 0o111 {
			t.Errorf("%s is not as the others, or cannot be run: %v", file, err)
		}
	}
}
