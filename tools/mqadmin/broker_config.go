package mqadmin

import (
	"cmp"
	"errors"
	"slices"

	"gantry/remoting/properties"
)

func getBrokerConfig() *command {
	return &command{name: "getBrokerConfig", about: "Get broker config by cluster or special broker!", run: (*call).getBrokerConfig, options: []option{
		optional("b", "brokerAddr", "get which broker"),
		optional("c", "clusterName", "get which cluster"),
	}}
}

func (c *call) getBrokerConfig() error {
	if c.has("b") {
		c.printf("============%s============\n", c.value("b"))
		return c.printConfig(c.value("b"))
	}
	if !c.has("c") {
		return nil
	}
	all, err := c.ClusterBrokers(c.ctx, c.value("c"))
	master := ""
	for _, b := range all {
		if b.ID == 0 {
			master = b.Addr
			c.printf("============Master: %s============\n", b.Addr)
		} else {
			c.printf("============My Master: %s=====Slave: %s============\n", master, b.Addr)
		}
		if err := c.printConfig(b.Addr); err != nil {
			return err
		}
	}
	return err
}

func (c *call) printConfig(addr string) error {
	entries, err := c.BrokerConfig(c.ctx, addr)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(x, y properties.Entry) int { return cmp.Compare(x.Key, y.Key) })
	for _, e := range entries {
		c.printf("%-50s=  %s\n", e.Key, e.Value)
	}
	c.printf("\n")
	return nil
}

func updateBrokerConfig() *command {
	return &command{name: "updateBrokerConfig", about: "Update broker's config", run: (*call).updateBrokerConfig, oneOf: []string{"b", "c"}, options: []option{
		optional("b", "brokerAddr", "update which broker"),
		optional("c", "clusterName", "update which cluster"),
		needed("k", "key", "config key"),
		needed("v", "value", "config value"),
	}}
}

func (c *call) updateBrokerConfig() error {
	brokers, err := c.targets()
	errs := []error{err}
	for _, b := range brokers {
		err := c.UpdateBrokerConfig(c.ctx, b.Addr, properties.Entry{Key: c.value("k"), Value: c.value("v")})
		if err == nil {
			c.printf("update broker config success, %s\n", b.Addr)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
