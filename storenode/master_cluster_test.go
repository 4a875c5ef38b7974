package storenode

import (
	"strings"
	"testing"

	"gantry/storenode/vfs"
)

func TestASlaveInAnotherClusterThanItsMasterIsNamed(t *testing.T) {
	for cluster, warned := range map[string]bool{"DefaultCluster": false, "another": true} {
		withNode(t, func(c *Config) { c.NamesrvAddr, c.BrokerIP1 = "ns", "10.1.1.1" }, func(s *scene) {
			stop := s.startNameServer()
			slave := &scene{t: s.t, fs: vfs.NewMem(), network: s.network, log: &logLines{}, config: smallConfig(), listen: "slave"}
			slave.config.NamesrvAddr, slave.config.BrokerIP1 = "ns", "10.1.1.2"
			slave.config.BrokerRole, slave.config.BrokerID, slave.config.BrokerClusterName = "SLAVE", 1, cluster
			slave.open()
			s.catchUp()
			if got := strings.Count(slave.log.take(), "this slave and its master are in different clusters"); (got == 1) != warned {
				t.Errorf("a slave in %s is warned of %d times", cluster, got)
			}
			slave.close()
			s.close()
			stop()
		})
	}
}
