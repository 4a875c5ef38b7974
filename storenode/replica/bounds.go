package replica

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"gantry/remoting"
	"gantry/remoting/protocol"
	"gantry/storenode/commitlog"
)

// Bounds are where a log begins and ends.
type Bounds struct{ Min, Max commitlog.Offset }

// The keys of Bounds in the answer to code 28 (RunningStats 4.9.7).
const (
	KeyCommitLogMinOffset = "commitLogMinOffset"
	KeyCommitLogMaxOffset = "commitLogMaxOffset"
)

// AskBounds returns a function that asks the master at an address for its
// Bounds, over a connection of its own (GET_BROKER_RUNTIME_INFO).
func AskBounds(dial remoting.DialFunc, limits remoting.Limits) func(ctx context.Context, masterAddr string) (Bounds, error) {
	return func(ctx context.Context, masterAddr string) (Bounds, error) {
		b, err := askBounds(ctx, dial, limits, masterAddr)
		if err != nil {
			err = fmt.Errorf("ask the master %s where its log begins and ends: %w", masterAddr, err)
		}
		return b, err
	}
}

func askBounds(ctx context.Context, dial remoting.DialFunc, limits remoting.Limits, masterAddr string) (Bounds, error) {
	client, err := remoting.Dial(ctx, dial, masterAddr, limits, nil)
	if err != nil {
		return Bounds{}, err
	}
	defer client.Close()
	answer, err := client.Invoke(ctx, &remoting.Request{Code: protocol.GetBrokerRuntimeInfo})
	if err != nil {
		return Bounds{}, err
	}
	if answer.Code != protocol.Success {
		return Bounds{}, &protocol.Error{Code: answer.Code, Remark: answer.Remark}
	}
	return decodeBounds(answer.Body)
}

func decodeBounds(body []byte) (b Bounds, err error) {
	var table protocol.KVTable
	if err := table.Decode(body); err != nil {
		return b, err
	}
	number := func(key string) commitlog.Offset {
		text := table.Table[key]
		n, parseErr := strconv.ParseInt(text, 10, 64)
		if parseErr != nil {
			err = errors.Join(err, fmt.Errorf("its answer has %s=%q", key, text))
		}
		return commitlog.Offset(n)
	}
	b = Bounds{Min: number(KeyCommitLogMinOffset), Max: number(KeyCommitLogMaxOffset)}
	return b, err
}
