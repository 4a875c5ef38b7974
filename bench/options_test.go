package bench

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// The defaults are those of the official classes, 4.9 and for timers 5.x.
func TestTheWorkloadsHaveTheOfficialOptions(t *testing.T) {
	keys := map[string]string{"m": "false", "a": "false", "ak": "rocketmq2", "sk": "12345678", "ri": "10000"}
	for command, options := range map[string]map[string]string{
		"producer": {"n": "127.0.0.1:9876", "t": "BenchmarkTest", "w": "64", "s": "128", "k": "false", "p": "0", "l": "0", "q": "0", "d": "false", "e": "1", "y": "false", "c": "false"},
		"batchproducer": {"n": "127.0.0.1:9876", "t": "BenchmarkTest", "w": "64", "s": "128", "b": "16", "k": "false", "p": "0", "l": "0",
			"c": "rocketmq2", "e": "12346789", "sk": "12346789"},
		"tproducer":     {"n": "127.0.0.1:9876", "t": "BenchmarkTest", "w": "32", "s": "2048", "sr": "0", "su": "0", "cr": "0", "cu": "0", "i": "0", "b": "0"},
		"consumer":      {"n": "127.0.0.1:9876", "t": "BenchmarkTest", "w": "20", "g": "benchmark_consumer", "p": "false", "f": "", "e": "", "r": "0"},
		"timerproducer": {"n": "localhost:9876", "t": "BenchmarkTest", "tc": "16", "ms": "1024", "p": "1000", "st": "100", "mt": "5000", "sd": "1000"},
		"timerconsumer": {"n": "localhost:9876", "t": "BenchmarkTest"},
	} {
		all := maps.Clone(keys)
		maps.Copy(all, options)
		for name, want := range all {
			if got, found := standard(command, name); !found || got != want {
				t.Errorf("%s -%s is %q by default, want %q", command, name, got, want)
			}
		}
	}
}

// standard is the default of an option.
func standard(command, name string) (value string, found bool) {
	for _, c := range Commands() {
		for _, f := range c.Flags {
			if c.Name == command && slices.Contains(f.Names(), name) {
				return f.(cli.DocGenerationFlag).GetValue(), true
			}
		}
	}
	return "", false
}

func run(args ...string) error {
	app := &cli.App{Commands: []*cli.Command{Command()}, Writer: new(bytes.Buffer), ErrWriter: new(bytes.Buffer), ExitErrHandler: func(*cli.Context, error) {}}
	return app.RunContext(context.Background(), append([]string{"gantry", "bench"}, args...))
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	for line, want := range map[string]string{
		"batchproducer -b 0":        "a batch of 0 messages",
		"batchproducer -k maybe":    `option -k: "maybe" is neither true nor false`,
		"tproducer -s 36":           "messages of 36 bytes",
		"tproducer -a perhaps":      `option -a: "perhaps" is neither true nor false`,
		"timerproducer -mt 0":       "0 messages of each",
		"timerconsumer -m x":        `option -m: "x" is neither true nor false`,
		"consumer --header xml":     `option --header: "xml"`,
		"tproducer -n nowhere":      "name server address",
		"timerproducer now":         `bench timerproducer takes no argument "now"`,
		"consumer -f XPATH -e a -q": "flag needs an argument",
	} {
		if err := run(strings.Fields(line)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	for _, command := range []string{"timerproducer", "timerconsumer"} {
		if err := run(command, "-m", "true"); !errors.Is(err, ErrNoTrace) {
			t.Errorf("%s -m true: %v", command, err)
		}
	}
}
