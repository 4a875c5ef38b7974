package keys

import "gantry/remoting/properties"

// namesrvConfig has the keys of NamesrvConfig 4.9, and of 5.3 what is honoured.
func namesrvConfig() []Key {
	const text, path, yes = properties.Text, properties.Path, properties.Bool
	return []Key{
		{"rocketmqHome", text, "(ROCKETMQ_HOME)", plain, NoEffect, "the wrappers in bin/ go by ROCKETMQ_HOME"},
		{"kvConfigPath", path, "(namesrv/kvConfig.json in the home folder)", plain, Fixed, "where mqnamesrv keeps KV configuration; a proxy keeps it in memory, and all tell each other"},
		{"configStorePath", path, "(the file of -c)", plain, NoEffect, "a change by code 318 is kept in mqnamesrv's file of -c"},
		{"productEnvName", text, "center", plain, NoEffect, "it is the name server's of a closed environment"},
		{"clusterTest", yes, "false", plain, Missing, "no other name server is asked for unknown topics"},
		{"orderMessageEnable", yes, "false", plain, Live, "routes carry the order configuration of their topic"},
		{"configBlackList", text, "configBlackList;configStorePath;kvConfigPath", plain, NoEffect, "what may be changed from afar is the keys marked live here, and no other"},
		{"supportActingMaster", yes, "false", plain, Live, "routes name the slave that acts for a lost master (5.x)"},
	}
}
