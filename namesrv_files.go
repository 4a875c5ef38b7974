package main

import (
	"os"
	"path/filepath"
	"time"

	"gantry/membership/nameserver"
	"gantry/proxy"
	"gantry/storenode/configfile"
	"gantry/storenode/vfs"
)

// kvConfigPath is where mqnamesrv keeps KV configuration unless told.
func kvConfigPath() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "namesrv", "kvConfig.json")
}

// keepKV lets a name server begin with the KV configuration that a file holds, and
// keep it there; "" keeps nothing. A damaged file without a good .bak stops the
// start: what is left of it would be written over.
func keepKV(config *proxy.Config, path string) error {
	if path == "" {
		return nil
	}
	file := configfile.New(configfile.On(vfs.OS{}), path)
	var kept nameserver.KV
	if _, err := file.Load(func(text []byte) error { return kept.Decode(text) }); err != nil {
		return err
	}
	asOf := time.Time{}
	if info, err := os.Stat(path); err == nil {
		asOf = info.ModTime()
	}
	config.KeepKV = func(kv nameserver.KV) error { return file.Save(kv.Encode()) }
	config.Prepare = func(p *proxy.Server) {
		if err := p.NameServer().LoadKV(kept, asOf); err != nil {
			config.Log.Error("KV configuration not taken over", "path", path, "err", err)
		}
	}
	return nil
}
