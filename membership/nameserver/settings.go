package nameserver

import (
	"fmt"
	"strings"

	"gantry/remoting"
	"gantry/remoting/keys"
	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

// Codes 318 UPDATE_NAMESRV_CONFIG and 319 GET_NAMESRV_CONFIG. A change lives as
// long as the process, or longer where Config.SaveSettings keeps it. Java takes any key and ignores in silence those that it
// does not know or that have no effect while it runs; here they are refused.
// Java: DefaultRequestProcessor.updateConfig and getConfig.

// Settings are a name server's keys that may be changed while it runs.
type Settings struct {
	OrderMessageEnable  bool `property:"orderMessageEnable"`  // routes carry ORDER_TOPIC_CONFIG
	SupportActingMaster bool `property:"supportActingMaster"` // routes name the slave that acts for a lost master (5.x)
}

// keptPaths are keys that Java never lets be changed from afar.
var keptPaths = []string{"kvConfigPath", "configStorePath"}

func (s *Server) updateNamesrvConfig(c *remoting.Command, from *remoting.Channel) (*remoting.Response, error) {
	entries, err := properties.Parse(c.Body)
	if err != nil {
		return nil, protocol.Errorf(protocol.SystemError, "string2Properties error: %v", err)
	}
	for _, e := range entries {
		for _, path := range keptPaths {
			if e.Key == path {
				return nil, protocol.Errorf(protocol.NoPermission, "Can not update config path")
			}
		}
	}
	changed := *s.settings.Load()
	if findings := properties.Bind(entries, keys.Changing(keys.Proxy), &changed); len(findings) > 0 {
		return nil, protocol.Errorf(protocol.SystemError, "%s: %s; nothing was changed, what can be is %s", findings[0].Key, findings[0].Message, changeable())
	}
	s.settings.Store(&changed)
	s.log.Info("name server configuration changed", "to", fmt.Sprintf("%+v", changed), "remote_addr", from.Remote)
	if s.config.SaveSettings == nil || len(entries) == 0 {
		return &remoting.Response{}, nil
	}
	if err := s.config.SaveSettings(entries); err != nil {
		return nil, protocol.Errorf(protocol.SystemError, "changed until the name server ends, but not kept: %v", err)
	}
	return &remoting.Response{}, nil
}

func changeable() string {
	var keys []string
	for _, e := range properties.Entries(&Settings{}) {
		keys = append(keys, e.Key)
	}
	return strings.Join(keys, ", ")
}

func (s *Server) getNamesrvConfig(*remoting.Command, *remoting.Channel) (*remoting.Response, error) {
	entries := append(properties.Entries(s.settings.Load()), s.config.FixedSettings...)
	return &remoting.Response{Body: properties.Append(nil, entries)}, nil
}
