package mqadmin

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"gantry/remoting/properties"
)

// What name servers keep: their settings, and KV configuration, which every one of
// them is told.

func getNamesrvConfig() *command {
	return &command{name: "getNamesrvConfig", about: "Get configs of name server.", run: (*call).getNamesrvConfig}
}

func (c *call) getNamesrvConfig() error {
	for _, namesrv := range c.NameServers() {
		entries, err := c.NamesrvConfig(c.ctx, namesrv)
		if err != nil {
			return err
		}
		c.printf("============%s============\n", namesrv)
		slices.SortFunc(entries, func(x, y properties.Entry) int { return cmp.Compare(x.Key, y.Key) })
		for _, e := range entries {
			c.printf("%-50s=  %s\n", e.Key, e.Value)
		}
	}
	return nil
}

func updateNamesrvConfig() *command {
	return &command{name: "updateNamesrvConfig", about: "Update configs of name server.", run: (*call).updateNamesrvConfig, options: []option{
		needed("k", "key", "config key"),
		needed("v", "value", "config value"),
	}}
}

func (c *call) updateNamesrvConfig() error {
	change := properties.Entry{Key: c.value("k"), Value: c.value("v")}
	if err := c.UpdateNamesrvConfig(c.ctx, change); err != nil {
		return err
	}
	typed := ""
	if c.has("n") {
		typed = "[" + strings.Join(c.NameServers(), ", ") + "]"
	}
	c.printf("update name server config success!%s\n%s : %s\n", typed, change.Key, change.Value)
	return nil
}

func updateKvConfig() *command {
	return &command{name: "updateKvConfig", about: "Create or update KV config.", run: (*call).updateKvConfig, options: []option{
		needed("s", "namespace", "set the namespace"),
		needed("k", "key", "set the key name"),
		needed("v", "value", "set the key value"),
	}}
}

func (c *call) updateKvConfig() error {
	if err := c.PutKV(c.ctx, c.value("s"), c.value("k"), c.value("v")); err != nil {
		return err
	}
	c.printf("create or update kv config to namespace success.\n")
	return nil
}

func deleteKvConfig() *command {
	return &command{name: "deleteKvConfig", about: "Delete KV config.", run: (*call).deleteKvConfig, options: []option{
		needed("s", "namespace", "set the namespace"),
		needed("k", "key", "set the key name"),
	}}
}

func (c *call) deleteKvConfig() error {
	if err := c.DeleteKV(c.ctx, c.value("s"), c.value("k")); err != nil {
		return err
	}
	c.printf("delete kv config from namespace success.\n")
	return nil
}

func updateOrderConf() *command {
	return &command{name: "updateOrderConf", about: "Create or update or delete order conf", run: (*call).updateOrderConf, options: []option{
		needed("t", "topic", "topic name"),
		optional("v", "orderConf", "set order conf [eg. brokerName1:num;brokerName2:num]"),
		needed("m", "method", "option type [eg. put|get|delete"),
	}}
}

func (c *call) updateOrderConf() error {
	topic, conf := c.value("t"), c.value("v")
	switch method := c.value("m"); method {
	case "get":
		conf, err := c.Order(c.ctx, topic)
		if err == nil {
			c.printf("get orderConf success. topic=[%s], orderConf=[%s] \n", topic, conf)
		}
		return err
	case "put":
		if conf == "" {
			return errors.New("please set orderConf with option -v.")
		}
		err := c.SetOrder(c.ctx, topic, conf, true)
		if err == nil {
			c.printf("update orderConf success. topic=[%s], orderConf=[%s]\n", topic, conf)
		}
		return err
	case "delete":
		err := c.DeleteOrder(c.ctx, topic)
		if err == nil {
			c.printf("delete orderConf success. topic=[%s]\n", topic)
		}
		return err
	default:
		return errors.New("option -m: " + method + " is none of put, get and delete")
	}
}
