package upstream

import "gantry/remoting/properties"

// Bounds are what a proxy carries at once. The zero value of a field means its
// default.
type Bounds struct {
	ClientRequests int `property:"proxyClientRequests"`     // requests of one client under way, default 65,535
	ClientBytes    int `property:"proxyClientRequestBytes"` // their bytes, default 64 MiB
	Requests       int `property:"proxyRequests"`           // requests of all clients under way, default 1,048,576
	RequestBytes   int `property:"proxyRequestBytes"`       // their bytes, default 512 MiB
	HeldPulls      int `property:"proxyHeldPulls"`          // pulls among them, which nodes may hold, default 262,144
	Sessions       int `property:"proxySessions"`           // clients times the nodes each one reaches, default 262,144
}

// bound is one of Bounds.
type bound struct {
	field    *int
	standard int
	key      string
	of       string // what there is no more of
}

// Places in Bounds.all.
const (
	ofClientRequests = iota
	ofClientBytes
	ofRequests
	ofRequestBytes
	ofHeldPulls
	ofSessions
	boundKinds
)

func (b *Bounds) all() [boundKinds]bound {
	return [boundKinds]bound{
		ofClientRequests: {&b.ClientRequests, 65_535, "proxyClientRequests", "requests of this client are under way"},
		ofClientBytes:    {&b.ClientBytes, 64 << 20, "proxyClientRequestBytes", "bytes of requests of this client are under way"},
		ofRequests:       {&b.Requests, 1 << 20, "proxyRequests", "requests of all clients are under way"},
		ofRequestBytes:   {&b.RequestBytes, 512 << 20, "proxyRequestBytes", "bytes of requests of all clients are under way"},
		ofHeldPulls:      {&b.HeldPulls, 1 << 18, "proxyHeldPulls", "pulls of all clients are under way"},
		ofSessions:       {&b.Sessions, 1 << 18, "proxySessions", "sessions of clients with storage nodes are open"},
	}
}

// Validate names the first bound that is none.
func (b Bounds) Validate() error {
	for _, one := range b.all() {
		if *one.field < 0 {
			return properties.Refuse(one.key, *one.field, "is below 0")
		}
	}
	return nil
}
