package nameserver

import (
	"time"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// Codes 100 PUT_KV_CONFIG, 101 GET_KV_CONFIG, 102 DELETE_KV_CONFIG and 219
// GET_KVLIST_BY_NAMESPACE. What is put lives as long as the process, and in the
// others that hear of it; longer where Config.KeepKV keeps it. Java: DefaultRequestProcessor and KVConfigManager.

func (s *Server) putKVConfig(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.PutKVConfigRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	if err := s.kv.put(h.Namespace, h.Key, h.Value, time.Now()); err != nil {
		return nil, err
	}
	s.log.Info("KV configuration put", "namespace", h.Namespace, "key", h.Key, "remote_addr", from.Remote)
	return &remoting.Response{}, s.keepKV()
}

func (s *Server) getKVConfig(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetKVConfigRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	value, ok := s.kv.get(h.Namespace, h.Key)
	if !ok {
		return nil, protocol.Errorf(protocol.QueryNotFound, "No config item, Namespace: %s Key: %s", h.Namespace, h.Key)
	}
	return &remoting.Response{Header: protocol.GetKVConfigResponse{Value: value}}, nil
}

func (s *Server) deleteKVConfig(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	var h protocol.DeleteKVConfigRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	s.kv.remove(h.Namespace, h.Key, time.Now())
	s.log.Info("KV configuration deleted", "namespace", h.Namespace, "key", h.Key, "remote_addr", from.Remote)
	return &remoting.Response{}, s.keepKV()
}

func (s *Server) getKVListByNamespace(c *remoting.Command, _ *remoting.Channel) (*remoting.Response, error) {
	var h protocol.GetKVListByNamespaceRequest
	if err := h.Decode(c.Ext); err != nil {
		return nil, err
	}
	values, ok := s.kv.list(h.Namespace)
	if !ok {
		return nil, protocol.Errorf(protocol.QueryNotFound, "No config item, Namespace: %s", h.Namespace)
	}
	return &remoting.Response{Body: protocol.KVTable{Table: values}.Encode()}, nil
}
