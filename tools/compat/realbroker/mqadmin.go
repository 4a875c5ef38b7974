package realbroker

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// adminTimeout bounds one command of the admin tool, the start of its JVM included.
const adminTimeout = 60 * time.Second

// MQAdmin runs one command of the official admin tool, whose class path says which release it is, with its home in the given
// folder, and returns what it printed. It fails where the tool says so by its exit code, which it seldom does: look at what it
// printed.
func MQAdmin(ctx context.Context, classpath, home string, args ...string) (string, error) {
	if err := writeLogback(home); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	command := append(ModuleFlags(), QuickJVMFlags()...)
	command = append(command, "-Duser.home="+home, "-Drocketmq.home.dir="+home,
		"-cp", classpath, "org.apache.rocketmq.tools.command.MQAdminStartup")
	output, err := exec.CommandContext(ctx, "java", append(command, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("mqadmin %v: %w\n%s", args, err, output)
	}
	return string(output), nil
}
