package realbroker

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"gantry/tools/compat/process"
)

// Offsets of a proxy's ports in the block it shares with a name server and a broker.
const (
	proxyPort     = 8
	proxyGRPCPort = 9
)

// StartProxy starts the real proxy 5.3.3 in cluster mode, beside the name server of config.RegisterAt, and returns when it
// gives out routes. Clients of 4.9.5 and later reach the brokers through it.
func StartProxy(ctx context.Context, config Config) (*Alone, error) {
	home := filepath.Join(config.Dir, "proxy")
	if err := writeProxyFiles(home, config); err != nil {
		return nil, err
	}
	jvm := config.JVMFlags
	if len(jvm) == 0 {
		jvm = QuickJVMFlags()
	}
	args := append(append(ModuleFlags(), jvm...), "-Duser.home="+home, "-cp", config.Classpath, "org.apache.rocketmq.proxy.ProxyStartup")
	cmd := exec.Command("java", args...)
	cmd.Dir, cmd.Env = home, append(os.Environ(), "RMQ_PROXY_HOME="+home)
	program, err := process.Start(cmd, filepath.Join(home, "proxy.out"))
	if err != nil {
		return nil, err
	}
	const getRouteInfoByTopic = 105
	a := &Alone{Process: program, Address: config.Ports.Address(proxyPort)}
	if err := a.await(ctx, getRouteInfoByTopic, map[string]string{"topic": "TBW102"}); err != nil {
		program.Kill()
		out, _ := os.ReadFile(filepath.Join(home, "proxy.out"))
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return a, nil
}

// writeProxyFiles writes what the proxy reads; its log goes to its own output as the others' does.
func writeProxyFiles(home string, config Config) error {
	text, err := json.Marshal(map[string]any{
		"rocketMQClusterName": "DefaultCluster", "proxyMode": "CLUSTER", "namesrvAddr": config.RegisterAt,
		"remotingListenPort": config.Ports.Port(proxyPort), "grpcServerPort": config.Ports.Port(proxyGRPCPort),
		"localServeAddr": "127.0.0.1", "enableACL": false, "metricsExporterType": "DISABLE",
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, "conf"), 0o777); err != nil {
		return fmt.Errorf("make the real proxy's home: %w", err)
	}
	if err := os.WriteFile(filepath.Join(home, "conf", "rmq-proxy.json"), text, 0o666); err != nil {
		return fmt.Errorf("write the real proxy's configuration: %w", err)
	}
	return nil
}
