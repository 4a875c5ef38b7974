package protocol

import "gantry/remoting"

// RegisterBrokerRequest announces a broker and its topics to a NameServer (code 103); the
// body is a RegisterBrokerBody.
type RegisterBrokerRequest struct {
	BrokerName   string
	BrokerAddr   string
	ClusterName  string
	HAServerAddr string
	BrokerID     int64
	Compressed   bool
	BodyCRC32    int32 // CRC-32 of the body & 0x7FFFFFFF; 0 is unchecked

	// Of brokers from 5.0 on.
	HeartbeatTimeoutMillis int64  // without news for so long it is gone; 0 leaves that to the name server
	StatesActingMaster     bool   // whether EnableActingMaster is said at all, which 4.x does not
	EnableActingMaster     bool   // its slave of the lowest id may stand in for a lost master
	ZoneName               string // where it stands; empty where nobody said
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *RegisterBrokerRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = RegisterBrokerRequest{
		BrokerName:   r.String("brokerName"),
		BrokerAddr:   r.String("brokerAddr"),
		ClusterName:  r.String("clusterName"),
		HAServerAddr: r.String("haServerAddr"),
		BrokerID:     r.Int64("brokerId"),
		Compressed:   r.OptBool("compressed"),
		BodyCRC32:    r.OptInt32("bodyCrc32", 0),

		HeartbeatTimeoutMillis: r.OptInt64("heartbeatTimeoutMillis", 0),
		StatesActingMaster:     r.Has("enableActingMaster"),
		EnableActingMaster:     r.OptBool("enableActingMaster"),
		ZoneName:               r.OptString(fieldZoneName),
	}
	return r.Err()
}

// Encode writes the fields.
func (h RegisterBrokerRequest) Encode(w *remoting.FieldWriter) {
	w.String("brokerName", h.BrokerName)
	w.String("brokerAddr", h.BrokerAddr)
	w.String("clusterName", h.ClusterName)
	w.String("haServerAddr", h.HAServerAddr)
	w.Int("brokerId", h.BrokerID)
	w.Bool("compressed", h.Compressed)
	w.Int("bodyCrc32", int64(h.BodyCRC32))
	if h.HeartbeatTimeoutMillis != 0 {
		w.Int("heartbeatTimeoutMillis", h.HeartbeatTimeoutMillis)
	}
	if h.StatesActingMaster {
		w.Bool("enableActingMaster", h.EnableActingMaster)
	}
	w.OptString(fieldZoneName, h.ZoneName)
}

// Java's MixAll.ZONE_NAME and ZONE_MODE, which a client or broker adds to all its
// requests.
const (
	fieldZoneName = "__ZONE_NAME"
	fieldZoneMode = "__ZONE_MODE"
)

// RegisterBrokerResponse answers code 103: to a slave, where its master is.
type RegisterBrokerResponse struct {
	HAServerAddr string
	MasterAddr   string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *RegisterBrokerResponse) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = RegisterBrokerResponse{
		HAServerAddr: r.OptString("haServerAddr"),
		MasterAddr:   r.OptString("masterAddr"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h RegisterBrokerResponse) Encode(w *remoting.FieldWriter) {
	w.OptString("haServerAddr", h.HAServerAddr)
	w.OptString("masterAddr", h.MasterAddr)
}
