package main

import (
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
