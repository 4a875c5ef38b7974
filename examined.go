package main

import (
	"cmp"

	"gantry/proxy"
	"gantry/tools/doctor"
)

// examined is a broker as gantry doctor sees it: its configuration read as the
// broker reads it, with what it finds where nothing is said.
func examined(file string) *doctor.Subject {
	config, talk := nodeDefaults()
	s := &doctor.Subject{File: file}
	s.Found, s.Err = checkSettings(file, &config, &talk)
	if s.Err == nil {
		s.Err = checkNameServers(config.NamesrvAddr)
	}
	s.Entries, _ = readEntries(file)
	if config.BrokerName == "" {
		config.BrokerName = hostName()
	}
	if config.BrokerIP1 == "" {
		chosen, _ := choose(interfaceAddrs(), leaving(splitList(config.NamesrvAddr)))
		config.BrokerIP1 = chosen.String()
	}
	s.Config = config
	return s
}

// examinedProxy is a proxy or name server as gantry doctor sees it; of a file that
// says nothing of routes mqnamesrv's way is taken.
func examinedProxy(file string) *doctor.Subject {
	listen, talk := namesrvDefaults(), defaultGossip()
	config := proxy.Config{RouteMode: proxy.DirectRoutes}
	s := &doctor.Subject{File: file}
	s.Found, s.Err = checkSettings(file, &listen, &config, &talk)
	s.Entries, _ = readEntries(file)
	s.Config.NamesrvAddr = talk.NamesrvAddr
	s.Proxy = &doctor.Proxy{BindAddress: listen.BindAddress, ListenPort: listen.ListenPort, AdvertiseAddr: config.AdvertiseAddr}
	if config.RouteMode != proxy.DirectRoutes {
		s.Proxy.GatewayPort = cmp.Or(config.GatewayBasePort, proxy.DefaultGatewayBasePort)
	}
	return s
}
