package bench

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"gantry/remoting"
	"gantry/tools/client"
)

// The official benchmark's options take a value each, booleans too: -k true.

func namesrvFlag() cli.Flag {
	return &cli.StringFlag{Name: "n", Aliases: []string{"namesrvAddr"}, Value: "127.0.0.1:9876", EnvVars: []string{"NAMESRV_ADDR"}, Usage: "name servers, `HOST:PORT;…`"}
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

// notOffered are official options whose work this benchmark does not do.
func notOffered() []cli.Flag {
	return []cli.Flag{
		boolFlag("m", "msgTraceEnable", "message trace; this benchmark sends none and takes only false:"),
		boolFlag("a", "aclEnable", "signed requests; this benchmark signs none and takes only false:"),
		&cli.StringFlag{Name: "ak", Aliases: []string{"accessKey"}, Usage: "access `KEY`, of use with -a only"},
		&cli.StringFlag{Name: "sk", Aliases: []string{"secretKey"}, Usage: "secret `KEY`, of use with -a only"},
	}
}

// ErrNotOffered says that an official option asks for what this benchmark does
// not do.
var ErrNotOffered = errors.New("this benchmark neither traces nor signs: -m and -a take only false")

func refuseNotOffered(b *bools) error {
	if b.get("m") || b.get("a") {
		return ErrNotOffered
	}
	return nil
}

func clientConfig(c *cli.Context) (client.Config, error) {
	kinds := map[string]remoting.HeaderKind{"rocketmq": remoting.ROCKETMQ, "json": remoting.JSON}
	kind, ok := kinds[c.String("header")]
	if !ok {
		return client.Config{}, fmt.Errorf("option --header: %q is neither rocketmq nor json", c.String("header"))
	}
	namesrv, err := client.ParseNamesrv(c.String("n"))
	return client.Config{Namesrv: namesrv, Kind: kind}, err
}
