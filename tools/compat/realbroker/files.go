package realbroker

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gantry/tools/compat/process"
)

// logback is a minimal logging configuration: warnings to the process's own output.
const logback = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`

// writeFiles puts the configuration of both servers into the folder, which then is their RocketMQ home as well.
func (c *Cluster) writeFiles() error {
	if err := writeLogback(c.config.Dir); err != nil {
		return err
	}
	return writeAll(c.config.Dir, map[string]string{
		"namesrv.properties": properties(c.namesrvProperties()),
		"broker.properties":  properties(c.brokerProperties()),
	})
}

// writeLogback makes a RocketMQ home that says how 4.9.7's programs log.
func writeLogback(home string) error {
	if err := os.MkdirAll(filepath.Join(home, "conf"), 0o777); err != nil {
		return fmt.Errorf("make the real server's home: %w", err)
	}
	files := map[string]string{}
	for _, name := range []string{"namesrv", "broker", "tools"} {
		files[filepath.Join("conf", "logback_"+name+".xml")] = logback
	}
	return writeAll(home, files)
}

func writeAll(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return fmt.Errorf("write the real server's configuration: %w", err)
		}
	}
	return nil
}

func (c *Cluster) namesrvProperties() map[string]string {
	all := map[string]string{"listenPort": strconv.Itoa(c.config.Ports.Port(namesrvPort))}
	maps.Copy(all, c.config.NamesrvProperties)
	return all
}

func (c *Cluster) brokerProperties() map[string]string {
	registerAt := c.config.RegisterAt
	if registerAt == "" {
		registerAt = c.NamesrvAddress()
	}
	all := map[string]string{
		"brokerName":            "broker-a",
		"brokerClusterName":     "DefaultCluster",
		"brokerId":              "0",
		"brokerIP1":             "127.0.0.1",
		"brokerIP2":             "127.0.0.1", // where slaves look for their master; else an address of a network that another test makes
		"listenPort":            strconv.Itoa(c.config.Ports.Port(brokerPort)),
		"namesrvAddr":           registerAt,
		"storePathRootDir":      c.StoreDir(),
		"storePathCommitLog":    filepath.Join(c.StoreDir(), "commitlog"),
		"storePathConsumeQueue": filepath.Join(c.StoreDir(), "consumequeue"),
		"storePathIndex":        filepath.Join(c.StoreDir(), "index"),
		"flushDiskType":         "ASYNC_FLUSH",
		// A restarted name server hears of the broker after this; less than 10 s the broker does not allow.
		"registerNameServerPeriod": "10000",
		"waitTimeMillsInSendQueue": "3000",
	}
	maps.Copy(all, c.config.Properties)
	return all
}

func properties(values map[string]string) string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&text, "%s=%s\n", key, values[key])
	}
	return text.String()
}

func (c *Cluster) start(name, mainClass string) (*process.Process, error) {
	args := append(ModuleFlags(), c.config.JVMFlags...)
	args = append(args,
		"-Duser.home="+c.config.Dir,
		"-Drocketmq.home.dir="+c.config.Dir,
		"-cp", c.config.Classpath,
		mainClass, "-c", filepath.Join(c.config.Dir, name+".properties"))
	cmd := exec.Command("java", args...)
	cmd.Dir = c.config.Dir
	return process.Start(cmd, filepath.Join(c.config.Dir, name+".out"))
}
