package guides

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

// forwardEnv has this test program be a router's port mapping: FROM>TO, blanks between several.
const forwardEnv = "GANTRY_GUIDES_FORWARD"

func TestMain(m *testing.M) {
	if rules := os.Getenv(forwardEnv); rules != "" {
		fmt.Fprintln(os.Stderr, forwardAll(strings.Fields(rules)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// forwardAll forwards until its input ends, or gives the reason why it cannot.
func forwardAll(rules []string) error {
	for _, rule := range rules {
		from, to, _ := strings.Cut(rule, ">")
		l, err := net.Listen("tcp", from)
		if err != nil {
			return err
		}
		go forward(l, to)
	}
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func forward(l net.Listener, to string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer near.Close()
			far, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer far.Close()
			go func() { io.Copy(far, near); far.Close() }()
			io.Copy(near, far)
		}()
	}
}

// maps has a router hand connections to one of its ports on to a host, until the test ends.
func (h *host) maps(outside, inside string, ports ...int) {
	h.t.Helper()
	var rules []string
	for _, p := range ports {
		rules = append(rules, fmt.Sprintf("%s:%d>%s:%d", outside, p, inside, p))
	}
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	hold(h.t, "nsenter", "--target", fmt.Sprint(h.pid), "--net", "env", forwardEnv+"="+strings.Join(rules, " "), self)
}
