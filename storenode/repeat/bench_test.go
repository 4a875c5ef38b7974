package repeat

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"

	"gantry/remoting/message"
	"gantry/storenode/commitlog"
	"gantry/storenode/store"
	"gantry/storenode/vfs"
)

// BenchmarkDecide is what one marked send costs whose first attempt is the oldest
// of 100,000 messages: with an index that has it, and with none, where all of
// them are read. Sends that are not marked never come here.
func BenchmarkDecide(b *testing.B) {
	for name, indexed := range map[string]bool{"indexed": true, "read": false} {
		b.Run(name, func(b *testing.B) {
			config := store.DefaultConfig("/store")
			config.MessageIndexEnable, config.MappedFileSizeCommitLog = indexed, 128<<20
			config.MaxHashSlotNum, config.MaxIndexNum = 100_000, 400_000
			s, err := store.Open(config, vfs.NewMem(), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			r := Start(Config{Store: s})
			defer r.Close()
			for i := range 100_000 {
				appended(b, s.Append, i)
			}
			for s.Indexed() != s.End() && indexed {
				appended(b, s.Append, -1)
			}
			for b.Loop() {
				appended(b, func(request *commitlog.Request) error {
					return r.Put(Request{Append: request, Refuse: func(err error) { b.Error(err) }})
				}, 0)
			}
		})
	}
}

// appended waits until a message's request is done.
func appended(b *testing.B, start func(*commitlog.Request) error, number int) {
	b.Helper()
	done := make(chan struct{})
	request := &commitlog.Request{Topic: "T", Done: func(*commitlog.Request) { close(done) }}
	var err error
	request.Records, err = message.AppendRecord(nil, &message.Message{Topic: "T", BornTimestamp: 1, BornHost: netip.MustParseAddrPort("10.0.0.1:1"),
		StoreHost: netip.MustParseAddrPort("10.0.0.2:2"), Body: make([]byte, 128),
		Properties: message.AppendPair(nil, message.PropertyUniqKey, fmt.Sprint("7F0000010B2A18B4AAC2", number))})
	if err == nil {
		err = start(request)
	}
	if err != nil {
		b.Fatal(err)
	}
	<-done
}
