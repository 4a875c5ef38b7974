package nameserver

import (
	"encoding/json"
	"time"

	"gantry/remoting/fastjson"
	"gantry/remoting/protocol"
)

// KV is the KV configuration by namespace and key: what a name server that keeps
// it has in its file (kvConfigPath; Java's KVConfigSerializeWrapper).
type KV map[string]map[string]string

type kvFile struct {
	ConfigTable KV `json:"configTable"`
}

// Decode reads a file; its error is a *fastjson.SyntaxError or says what is no text.
func (kv *KV) Decode(text []byte) error {
	var file kvFile
	err := fastjson.Unmarshal(text, &file)
	*kv = file.ConfigTable
	return err
}

// Encode writes a file.
func (kv KV) Encode() []byte {
	text, err := json.MarshalIndent(kvFile{kv}, "", "\t")
	if err != nil {
		panic("BUG: KV configuration cannot be written as JSON: " + err.Error())
	}
	return append(text, '\n')
}

// LoadKV takes over what was kept at a time: what other name servers have changed
// since then counts.
func (s *Server) LoadKV(kept KV, asOf time.Time) error {
	var items []kvItem
	for namespace, values := range kept {
		for key, value := range values {
			items = append(items, kvItem{Namespace: namespace, Key: key, Value: value, Version: asOf.UnixMilli()})
		}
	}
	return s.kv.merge(items)
}

// keepKV lets what there is now outlive the process, where somebody keeps it.
func (s *Server) keepKV() error {
	if s.config.KeepKV == nil {
		return nil
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if err := s.config.KeepKV(s.kv.values()); err != nil {
		return protocol.Errorf(protocol.SystemError, "changed until the name server ends, but not kept: %v", err)
	}
	return nil
}

// values are all items that were not deleted.
func (t *kvTable) values() KV {
	t.mu.RLock()
	defer t.mu.RUnlock()
	kv := KV{}
	for _, item := range t.all() {
		if kv[item.Namespace] == nil {
			kv[item.Namespace] = map[string]string{}
		}
		if !item.Deleted {
			kv[item.Namespace][item.Key] = item.Value
		}
	}
	return kv
}
