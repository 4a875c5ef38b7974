package membership

import (
	"reflect"
	"testing"

	"gantry/remoting"
	"gantry/remoting/protocol"
)

// decoded carries a header over the wire, in the given header kind.
func decoded(t *testing.T, kind remoting.HeaderKind, h remoting.Header) *remoting.Command {
	t.Helper()
	var d remoting.Decoder
	var c remoting.Command
	if err := d.Decode(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 103, Header: h, Kind: kind}), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

var javaBroker = protocol.RegisterBrokerRequest{
	BrokerName: "broker-a", BrokerAddr: "10.0.0.1:10911", ClusterName: "DefaultCluster",
	HAServerAddr: "10.0.0.1:10912", BrokerID: 1, BodyCRC32: 7,
}

func TestRegisterRequestComesBack(t *testing.T) {
	for _, h := range []RegisterRequest{
		{RegisterBrokerRequest: javaBroker, Slot: SlotClaim{Slot: NoSlot}},
		{RegisterBrokerRequest: javaBroker, Gateway: true, Slot: SlotClaim{Slot: NoSlot}},
		{RegisterBrokerRequest: javaBroker, Gateway: true, Slot: SlotClaim{Slot: 3, RecordedMillis: 1_700_000_000_000, Configured: true}},
	} {
		for _, kind := range []remoting.HeaderKind{remoting.JSON, remoting.ROCKETMQ} {
			var got RegisterRequest
			if err := got.Decode(decoded(t, kind, h).Ext); err != nil || !reflect.DeepEqual(got, h) {
				t.Errorf("kind %d: sent %+v, came %+v, %v", kind, h, got, err)
			}
		}
	}
}

func TestJavaBrokerHasNoGatewayAndNoSlot(t *testing.T) {
	var got RegisterRequest
	if err := got.Decode(decoded(t, remoting.JSON, javaBroker).Ext); err != nil {
		t.Fatal(err)
	}
	if got.Gateway || got.Slot.Slot != NoSlot || got.RegisterBrokerRequest != javaBroker {
		t.Errorf("came %+v", got)
	}
}

func TestWithoutGatewayNothingOfOursIsSent(t *testing.T) {
	c := decoded(t, remoting.JSON, RegisterRequest{RegisterBrokerRequest: javaBroker, Slot: SlotClaim{Slot: 3}})
	for _, ours := range []string{fieldGateway, fieldSlot, fieldSlotRecordedMillis, fieldSlotConfigured} {
		if value, ok := c.Ext.Get(ours); ok {
			t.Errorf("%s is sent: %q", ours, value)
		}
	}
}

func TestRegisterResponseComesBack(t *testing.T) {
	for _, h := range []RegisterResponse{
		{Slot: NoSlot},
		{Slot: 0},
		{Slot: NoSlot, SlotWaitMillis: 1500},
		{RegisterBrokerResponse: protocol.RegisterBrokerResponse{HAServerAddr: "h:1", MasterAddr: "m:1"}, Slot: 9},
	} {
		var got RegisterResponse
		if err := got.Decode(decoded(t, remoting.ROCKETMQ, h).Ext); err != nil || got != h {
			t.Errorf("sent %+v, came %+v, %v", h, got, err)
		}
	}
}

func TestBrokenSlotIsNamed(t *testing.T) {
	c := decoded(t, remoting.JSON, javaBroker)
	c.Ext = append(c.Ext, remoting.Field{Key: []byte(fieldSlot), Value: []byte("first")})
	var got RegisterRequest
	err, _ := got.Decode(c.Ext).(*remoting.FieldError)
	if err == nil || err.Key != fieldSlot {
		t.Errorf("decoded with %v", err)
	}
}

// FuzzRegisterRequest: what can be read can be written and read again.
func FuzzRegisterRequest(f *testing.F) {
	for _, h := range []remoting.Header{javaBroker, RegisterRequest{RegisterBrokerRequest: javaBroker, Gateway: true, Slot: SlotClaim{Slot: 3}}} {
		f.Add(remoting.AppendRequest(nil, 1, &remoting.Request{Code: 103, Header: h}))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var d remoting.Decoder
		var c remoting.Command
		var h, again RegisterRequest
		if d.Decode(frame, &c) != nil || h.Decode(c.Ext) != nil {
			return
		}
		if !h.Gateway {
			h.Slot = SlotClaim{Slot: NoSlot} // not written without it
		}
		if h.Slot.Slot == NoSlot {
			h.Slot = SlotClaim{Slot: NoSlot}
		}
		if err := again.Decode(decoded(t, remoting.ROCKETMQ, h).Ext); err != nil || again != h {
			t.Fatalf("read %+v, then %+v, %v", h, again, err)
		}
	})
}
