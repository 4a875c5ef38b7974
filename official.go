package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"gantry/proxy"
	"gantry/remoting/properties"
	"gantry/tools/logfile"
)

// The roles under RocketMQ's names for them, with its options, log files and exit
// codes; the scripts of the release's bin call these. Java: NamesrvStartup,
// BrokerStartup. Different: after SIGTERM the exit code is 0, a JVM's is 143.

// Exit codes of mqnamesrv and mqbroker beside 0; what is typed wrong gives 1.
const (
	exitFailed  = 255 // it could not start, or not end in order
	exitRefused = 253 // -3: a setting that nothing can be made of
)

func officialCommands() []*cli.Command {
	return []*cli.Command{{
		Name:  "mqnamesrv",
		Usage: "RocketMQ's name server: a proxy that gives the storage nodes' own addresses",
		Flags: []cli.Flag{
			configFlag(),
			namesrvFlag("`HOST:PORT;…`, accepted as RocketMQ's does; a name server asks no other"),
			printFlag(),
		},
		Action: official("namesrv", startNamesrv),
	}, {
		Name:   "mqbroker",
		Usage:  "RocketMQ's broker: a storage node",
		Flags:  []cli.Flag{namesrvFlag("name servers, `HOST:PORT;…`; default namesrvAddr of the configuration, else $NAMESRV_ADDR"), configFlag(), printFlag(), importantFlag()},
		Action: official("broker", startNode),
	}}
}

// official runs a role that logs to the file of that name.
func official(name string, start starter) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := withoutArguments(c); err != nil {
			return err
		}
		log, begun, end := officialLog(name)
		defer end()
		err := run(c, log, func(c *cli.Context, log *slog.Logger) (running, error) {
			r, err := start(c, log)
			begun()
			return r, err
		})
		if err == nil || errors.Is(err, printed{}) {
			return err
		}
		log.Error(c.Command.Name+" ends", "err", err)
		if stated := cli.ExitCoder(nil); errors.As(err, &stated) {
			return err
		}
		return cli.Exit(err, exitFailed)
	}
}

// officialLog opens the log that conf/logback_NAME.xml of the release names.
// Warnings and errors go to stderr too until begun is called, so that a start
// explains itself where it was typed. Where there can be no such log, stderr is it.
func officialLog(name string) (log *slog.Logger, begun, end func()) {
	config, odd := logConfig(name)
	file, err := logfile.Open(config)
	if err != nil {
		log = slog.New(logfile.NewHandler(os.Stderr, config.Level))
		log.Warn("no log file, this is the log", "err", errors.Join(odd, err))
		return log, func() {}, func() {}
	}
	typed := &slog.LevelVar{}
	typed.Set(slog.LevelWarn)
	log = slog.New(slog.NewMultiHandler(logfile.NewHandler(file, config.Level), logfile.NewHandler(os.Stderr, typed)))
	if odd != nil {
		log.Warn("the log is where it is by default", "path", config.Path, "err", odd)
	}
	return log, func() { typed.Set(slog.LevelError + 1) }, func() { file.Close() }
}

// logConfig is what the release's logback_NAME.xml says; what is odd about that
// comes with the default.
func logConfig(name string) (logfile.Config, error) {
	standard := logfile.Config{Path: name + ".log"}
	if home, err := os.UserHomeDir(); err == nil {
		folder := filepath.Join(home, "logs", "rocketmqlogs")
		standard.Path, standard.Rolled = filepath.Join(folder, name+".log"), filepath.Join(folder, "otherdays", name+".%i.log.gz")
	}
	release := os.Getenv("ROCKETMQ_HOME")
	if release == "" {
		return standard, nil
	}
	path := filepath.Join(release, "conf", "logback_"+name+".xml")
	text, err := os.ReadFile(path)
	if err != nil {
		return standard, err
	}
	config, err := logfile.Parse(text, name+".log", properties.SystemLookup)
	if err != nil {
		return standard, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// namesrvSettings are the keys of a name server that a proxy is told otherwise.
type namesrvSettings struct {
	BindAddress string `property:"bindAddress"`
	ListenPort  int    `property:"listenPort"`

	KVConfigPath string `property:"kvConfigPath,path"`
}

// Validate names the first setting that cannot be used.
func (s namesrvSettings) Validate() error {
	if s.ListenPort < 1 || s.ListenPort > 65535 {
		return properties.Refuse("listenPort", s.ListenPort, "is not a port from 1 to 65535")
	}
	return nil
}

func namesrvDefaults() namesrvSettings {
	return namesrvSettings{BindAddress: "0.0.0.0", ListenPort: 9876, KVConfigPath: kvConfigPath()}
}

func startNamesrv(c *cli.Context, log *slog.Logger) (running, error) {
	listen := namesrvDefaults()
	config := proxy.Config{RouteMode: proxy.DirectRoutes, Log: log, ProxyID: newProxyID(), Release: release}
	talk := defaultGossip()
	file := c.String("c")
	if err := readSettings(log, file, &listen, &config, &talk); err != nil {
		return nil, err
	}
	if file != "" {
		fmt.Printf("load config properties file OK, %s\n", file)
	}
	if err := printAsked(c, &listen, &config, &talk); err != nil {
		return nil, err
	}
	config.BindAddress, config.ListenPort = listen.BindAddress, listen.ListenPort
	config.SaveSettings = keepIn(file)
	if err := keepKV(&config, listen.KVConfigPath); err != nil {
		return nil, err
	}
	p, err := openProxy(config, talk)
	if err == nil {
		tell(log, "The Name Server boot success. serializeType=JSON")
	}
	return p, err
}
