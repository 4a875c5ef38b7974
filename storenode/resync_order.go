package storenode

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gantry/remoting/fastjson"
	"gantry/storenode/commitlog"
	"gantry/storenode/configfile"
	"gantry/storenode/store"
)

// What an operator has had a slave told to cut off lies in gantry/resync.json
// (FORMAT.md) until it is done: at the start, before the store is opened. A crash
// at any time leaves a store that the next start goes on with.

// cutOrder is that file.
type cutOrder struct {
	From    int64  `json:"from"` // of the log: what lies before stays
	To      int64  `json:"to"`   // its end
	KeepIn  string `json:"keepIn,omitempty"`
	KeptAll bool   `json:"keptAll,omitempty"` // it lies there: from now on the log is cut
}

func (n *Node) orderPath() string { return n.file("gantry", "resync.json") }

// saveOrder returns when it is on the disk.
func (n *Node) saveOrder(o cutOrder) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	files, next := configfile.On(n.fs), n.orderPath()+".tmp"
	if err := files.MkdirAll(filepath.Dir(next)); err != nil {
		return err
	}
	if err := files.WriteFile(next, text); err != nil {
		return err
	}
	return files.Rename(next, n.orderPath())
}

func (n *Node) dropOrder() error {
	return errors.Join(n.fs.Remove(n.orderPath()), n.fs.SyncDir(filepath.Dir(n.orderPath())))
}

// carryOutOrder comes before the store is opened. What cannot be kept is not cut
// off: the slave then stands as it stood.
func (n *Node) carryOutOrder() error {
	text, err := configfile.On(n.fs).ReadFile(n.orderPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var o cutOrder
	if err == nil {
		err = fastjson.Unmarshal(text, &o)
	}
	if err != nil {
		return fmt.Errorf("open store %s: %s: %w", n.config.StorePathRootDir, n.orderPath(), err)
	}
	log := n.log.With("from", o.From, "to", o.To)
	if n.config.Role() != Slave {
		log.Warn("what was to be cut off a slave's log stays: this is the master now")
		return n.dropOrder()
	}
	config := n.config.storeConfig(nil, nil)
	tail := commitlog.Tail{From: commitlog.Offset(o.From), To: commitlog.Offset(o.To)}
	if o.KeepIn != "" && !o.KeptAll {
		if err := store.KeepTail(config, n.fs, tail, o.KeepIn); err != nil {
			log.Error("what was to be cut off the log cannot be kept, and stays; --discard keeps nothing", "folder", o.KeepIn, "err", err)
			return n.dropOrder()
		}
		o.KeptAll = true
		if err := n.saveOrder(o); err != nil {
			return err
		}
	}
	if err := store.Cut(config, n.fs, tail); err != nil {
		return err
	}
	log.Warn("the end of the log that was not the master's is cut off, as an operator has ordered", "kept_in", o.KeepIn)
	return n.dropOrder()
}
