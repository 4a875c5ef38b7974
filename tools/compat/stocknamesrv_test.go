package compat

import (
	"path/filepath"
	"testing"

	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// A node keeps registered with every name server it is told of, and clients do with any of them: the real one leads them to the
// node's own address, Gantry's to the proxy's.
func TestAGantryNodeRegistersWithARealNameServerAndOursAtOnce(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(t *testing.T, r release) {
		place := r.config(t, nil)
		real, ours := r.namesrv(t, place), proxyFor(t, nil)
		both := real.Address + ";" + ours.Address
		node := nodeAt(t, both)
		direct := map[string]string{"0": node.Address}
		awaitShard(t, foundTime, real.Address, "TBW102", direct)
		gateway := awaitGateway(t, ours.Address, node.Address)
		smokeEach(t, real.Address)
		t.Run("mqadmin", func(t *testing.T) { administer(t, r, real.Address, direct) })

		real.Kill()
		t.Run("with one name server left", func(t *testing.T) { smokeEach(t, both) })
		real = r.namesrv(t, place)
		awaitShard(t, foundTime, real.Address, "TBW102", direct)

		node.Kill()
		awaitShard(t, goneTime, real.Address, "TBW102", nil)
		awaitShard(t, goneTime, ours.Address, "TBW102", nil)
		if err := node.StartAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		awaitShard(t, foundTime, real.Address, "TBW102", direct)
		awaitShard(t, foundTime, ours.Address, "TBW102", gateway)
		if err := node.Stop(); err != nil {
			t.Fatal(err)
		}
		awaitShard(t, goneTime, real.Address, "TBW102", nil)
		awaitShard(t, goneTime, ours.Address, "TBW102", nil)
	})
}

// nodeAt starts a Gantry node that registers with the given name servers.
func nodeAt(t *testing.T, list string) *server.Alone {
	t.Helper()
	n, err := server.StartNode(t.Context(), server.Config{
		Set: theatre.Artifacts(t), Dir: filepath.Join(t.TempDir(), "node"), Properties: map[string]string{"messageDelayLevel": delayLevels},
	}, list)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// awaitGateway waits until a Gantry name server routes to the shard by an address of its own, and returns that route.
func awaitGateway(t *testing.T, namesrv, node string) map[string]string {
	t.Helper()
	var route map[string]string
	stage.Eventually(t, foundTime, "a gateway route to the shard", func() bool {
		route = shardAt(t, namesrv, "TBW102")
		return route["0"] != "" && route["0"] != node
	})
	return route
}
