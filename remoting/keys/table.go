package keys

import (
	"slices"
	"strings"

	"gantry/remoting/properties"
)

// Outcome is what a key does here.
type Outcome int

const (
	Fixed    Outcome = iota // honoured; another value needs a restart
	Live                    // honoured, and changed while the process runs (codes 25, 318)
	NoEffect                // what it tunes does not exist here
	Missing                 // wants a function that is not there: a value other than the default is warned about
	Refused                 // wants what must not be left out in silence: such a value stops the start
)

// Honoured reports whether a field keeps the value.
func (o Outcome) Honoured() bool { return o == Fixed || o == Live }

// Role is whose configuration has a key.
type Role int

const (
	Node Role = 1 << iota
	Proxy
)

// Anywhere is of both.
const Anywhere = Node | Proxy

func (r Role) String() string {
	return [...]string{"", "a storage node", "a proxy", "a storage node and a proxy"}[r]
}

const (
	m     = true // official -m prints it
	plain = false
)

// Key is one row.
type Key struct {
	Name      string
	Type      properties.Type
	Default   string // of RocketMQ 4.9.7 where it has the key; in parentheses: found at the start
	Important bool   // -m prints it
	Outcome   Outcome
	Why       string // what it decides, or why it decides nothing
}

// Object is one of RocketMQ's configuration objects, or our keys of one kind.
type Object struct {
	Name   string
	Of     Role
	Unread bool // RocketMQ 4.9 and Gantry read none of them
	Keys   []Key
}

// Objects is the whole table, in the order of -p.
func Objects() []Object {
	return []Object{
		{Name: "BrokerConfig", Of: Node, Keys: brokerConfig()},
		{Name: "MessageStoreConfig", Of: Node, Keys: messageStoreConfig()},
		{Name: "NettyServerConfig", Of: Anywhere, Keys: nettyServerConfig()},
		{Name: "NettyClientConfig", Of: Node, Keys: nettyClientConfig()},
		{Name: "NamesrvConfig", Of: Proxy, Keys: namesrvConfig()},
		{Name: "Gantry's own, of a storage node", Of: Node, Keys: ofNodes()},
		{Name: "Gantry's own, of a proxy", Of: Proxy, Keys: ofProxies()},
		{Name: "Gantry's own, of both", Of: Anywhere, Keys: ofBoth()},
		{Name: "Found in files, read by nobody", Of: Anywhere, Unread: true, Keys: unread()},
	}
}

// Find is the row of a key that a configuration of of has.
func Find(name string, of Role) (key Key, found bool) {
	for _, o := range Objects() {
		i := slices.IndexFunc(o.Keys, func(k Key) bool { return k.Name == name })
		if i >= 0 && o.Of&of != 0 {
			return o.Keys[i], true
		}
	}
	return Key{}, false
}

// FoundAtStart reports whether Default is a description and no value.
func (k Key) FoundAtStart() bool { return strings.HasPrefix(k.Default, "(") }

// Value is Default as it stands in a file.
func (k Key) Value() string {
	if k.FoundAtStart() {
		return ""
	}
	return k.Default
}

// Options are how a file of of is read.
func Options(file string, of Role) properties.Options {
	return properties.Options{File: file, Lookup: properties.SystemLookup, Unbound: unbound(of)}
}

// Changing are the options for reading what is to be changed while a process of of
// runs: every key but the live ones is found, whatever its value.
func Changing(of Role) properties.Options {
	said := unbound(of)
	for name, u := range said {
		u.Harmless, u.Severity = nil, properties.Error
		if k, found := Find(name, of); found && k.Outcome == Fixed {
			u.Message = "is changed by a restart only"
		}
		said[name] = u
	}
	return properties.Options{Unbound: said}
}

// unbound is what is said of keys that no field of of's configuration keeps.
func unbound(of Role) map[string]properties.Unbound {
	said := map[string]properties.Unbound{}
	for _, o := range Objects() {
		for _, k := range o.Keys {
			if _, known := said[k.Name]; !known || o.Of&of != 0 {
				said[k.Name] = k.unbound(o.Of, of)
			}
		}
	}
	return said
}

// unbound is what is said of k, a key of has, in a configuration of of.
func (k Key) unbound(has, of Role) properties.Unbound {
	u := properties.Unbound{Type: k.Type, Harmless: []string{k.Value()}, Message: "has no effect: " + k.Why, Severity: properties.Warning}
	switch {
	case has&of == 0:
		u.Message = "has no effect here: it is a key of " + has.String()
	case k.Outcome.Honoured():
		u.Message = "has no effect with this command: " + k.Why
	case k.Outcome == NoEffect:
		u.Severity = properties.Notice
	case k.Outcome == Refused:
		u.Message, u.Severity = k.Why, properties.Error
	}
	return u
}
