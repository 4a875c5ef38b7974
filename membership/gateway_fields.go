package membership

import (
	"gantry/remoting"
	"gantry/remoting/protocol"
)

// NoSlot stands for a shard that has no slot.
const NoSlot = -1

// SlotClaim is what a node states about its shard's slot: what stands in its
// node.json, or NoSlot.
type SlotClaim struct {
	Slot           int
	RecordedMillis int64 // when the node recorded Slot, Unix time
	Configured     bool  // the operator set shardSlot: the node will not move
}

// Names of the fields that Gantry adds to REGISTER_BROKER. A stock NameServer
// ignores them, as it ignores every field that it does not know.
const (
	fieldGateway            = "gantryGateway"
	fieldSlot               = "shardSlot"
	fieldSlotRecordedMillis = "shardSlotRecordedMillis"
	fieldSlotConfigured     = "shardSlotConfigured"
	fieldSlotWaitMillis     = "shardSlotWaitMillis"
)

// RegisterRequest is the header of code 103 with the fields of a Gantry node.
type RegisterRequest struct {
	protocol.RegisterBrokerRequest
	Gateway bool // the node can be reached through a proxy
	Slot    SlotClaim
}

// Decode reads the fields; its error is a *remoting.FieldError. A header without
// ours, a Java broker's, has no gateway capability and no slot.
func (h *RegisterRequest) Decode(f remoting.Fields) error {
	if err := h.RegisterBrokerRequest.Decode(f); err != nil {
		return err
	}
	r := f.Reader()
	h.Gateway = r.OptBool(fieldGateway)
	h.Slot = SlotClaim{
		Slot:           int(r.OptInt32(fieldSlot, NoSlot)),
		RecordedMillis: r.OptInt64(fieldSlotRecordedMillis, 0),
		Configured:     r.OptBool(fieldSlotConfigured),
	}
	return r.Err()
}

// Encode writes the fields; ours only where the node has the gateway capability.
func (h RegisterRequest) Encode(w *remoting.FieldWriter) {
	h.RegisterBrokerRequest.Encode(w)
	if !h.Gateway {
		return
	}
	w.Bool(fieldGateway, true)
	if h.Slot.Slot != NoSlot {
		w.Int(fieldSlot, int64(h.Slot.Slot))
		w.Int(fieldSlotRecordedMillis, h.Slot.RecordedMillis)
		w.Bool(fieldSlotConfigured, h.Slot.Configured)
	}
}

// RegisterResponse is the answer's header with the slot that the node is to
// record; NoSlot where the name server assigns none, as a stock one, or not yet.
type RegisterResponse struct {
	protocol.RegisterBrokerResponse
	Slot           int
	SlotWaitMillis int32 // where positive: register again after that for a slot
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *RegisterResponse) Decode(f remoting.Fields) error {
	if err := h.RegisterBrokerResponse.Decode(f); err != nil {
		return err
	}
	r := f.Reader()
	h.Slot = int(r.OptInt32(fieldSlot, NoSlot))
	h.SlotWaitMillis = r.OptInt32(fieldSlotWaitMillis, 0)
	return r.Err()
}

// Encode writes the fields.
func (h RegisterResponse) Encode(w *remoting.FieldWriter) {
	h.RegisterBrokerResponse.Encode(w)
	if h.Slot != NoSlot {
		w.Int(fieldSlot, int64(h.Slot))
	}
	if h.SlotWaitMillis > 0 {
		w.Int(fieldSlotWaitMillis, int64(h.SlotWaitMillis))
	}
}
