package bench

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/tools/client"
	"gantry/tools/client/acl"
)

// The official benchmark's options take a value each, booleans too: -k true.

func namesrvFlag() cli.Flag { return namesrvFlagOf("127.0.0.1:9876") }

func namesrvFlagOf(standard string) cli.Flag {
	return &cli.StringFlag{Name: "n", Aliases: []string{"namesrvAddr"}, Value: standard, EnvVars: []string{"NAMESRV_ADDR"}, Usage: "name servers, `HOST:PORT;…`"}
}

func headerFlag() cli.Flag {
	return &cli.StringFlag{Name: "header", Value: "rocketmq", Usage: "`KIND` of the requests' headers: rocketmq, as the official benchmark, or json"}
}

func secondsFlag() cli.Flag {
	return &cli.IntFlag{Name: "seconds", Usage: "end after so many `SECONDS`, 0: run until stopped"}
}

func reportFlag() cli.Flag {
	return &cli.IntFlag{Name: "ri", Aliases: []string{"reportInterval"}, Value: 10_000, Usage: "`MS` between report lines"}
}

func rateFlag(standard int) cli.Flag {
	return &cli.IntFlag{Name: "rate", Value: standard, Usage: "send so many `MESSAGES` a second when they are due, however long others take; latency counts from then; 0: as fast as the senders come"}
}

func warmupFlag() cli.Flag {
	return &cli.IntFlag{Name: "warmup", Usage: "first send for so many `SECONDS` that count for nothing"}
}

func histogramFlag() cli.Flag {
	return &cli.StringFlag{Name: "histogram", Usage: "keep the latencies in `FILE` as percentiles that HdrHistogram's tools plot"}
}

func boolFlag(name, long, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: []string{long}, Value: "false", Usage: usage + " `true|false`"}
}

// bools reads boolean options with a sticky error.
type bools struct {
	c   *cli.Context
	err error
}

func (b *bools) get(name string) bool {
	v, err := strconv.ParseBool(b.c.String(name))
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("option -%s: %q is neither true nor false", name, b.c.String(name))
	}
	return v
}

// The official benchmark's keys where none are given (AclClient).
const (
	standardAccessKey = "rocketmq2"
	standardSecretKey = "12345678"
)

// traceAndKeys are the official options for message traces and signed requests.
// The names beside -ak and -sk are those that the batch producer has.
func traceAndKeys(secretKey string, accessNames, secretNames []string) []cli.Flag {
	return []cli.Flag{
		boolFlag("m", "msgTraceEnable", "send message traces:"),
		boolFlag("a", "aclEnable", "sign requests:"),
		&cli.StringFlag{Name: "ak", Aliases: append(accessNames, "accessKey"), Value: standardAccessKey, Usage: "access `KEY`, of use with -a only"},
		&cli.StringFlag{Name: "sk", Aliases: append(secretNames, "secretKey"), Value: secretKey, Usage: "secret `KEY`, of use with -a only"},
	}
}

// ErrNoTrace says that -m asks for what the official class does not do either.
var ErrNoTrace = errors.New("the timer benchmark sends no message traces: -m takes only false")

// noTrace refuses -m true.
func (b *bools) noTrace() {
	if b.get("m") && b.err == nil {
		b.err = ErrNoTrace
	}
}

func clientConfig(c *cli.Context) (client.Config, error) {
	kinds := map[string]remoting.HeaderKind{"rocketmq": remoting.ROCKETMQ, "json": remoting.JSON}
	kind, ok := kinds[c.String("header")]
	if !ok {
		return client.Config{}, fmt.Errorf("option --header: %q is neither rocketmq nor json", c.String("header"))
	}
	config := client.Config{Kind: kind}
	if b := (bools{c: c}); c.String("a") != "" {
		if b.get("a") {
			config.Sign = acl.Credentials{AccessKey: c.String("ak"), SecretKey: c.String("sk")}.Sign
		}
		if b.err != nil {
			return config, b.err
		}
	}
	var err error
	config.Namesrv, err = client.ParseNamesrv(c.String("n"))
	return config, err
}
