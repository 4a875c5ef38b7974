package compat

import (
	"slices"
	"sync"
	"testing"

	"gantry/tools/compat/matrix"
	"gantry/tools/compat/server"
	"gantry/tools/compat/stage"
)

// stop is one thing that clients do on their tour, and the rows of the matrix that it shows, for the clients that have the first.
type stop struct {
	name  string
	run   func(*testing.T, *stage.Client)
	shows []matrix.API
	waits bool // for the client's clock rather than for the machine
}

func stops() []stop {
	return []stop{
		{"transactions", endTransactions, []matrix.API{matrix.Transactions, matrix.TransactionChecks}, true},
		{"tools", askAndReset, []matrix.API{matrix.ConsumeStats, matrix.RunningInfo, matrix.ConsumeDirectly, matrix.ResetByTime}, true},
		{"SQL92 pulls", pullBySQL, []matrix.API{matrix.SQLPull}, true},
		{"sends", sendInEveryWay, []matrix.API{matrix.SendSync, matrix.SendAsync, matrix.SendOneway, matrix.SendToQueue, matrix.SendBySelector, matrix.SendBatch,
			matrix.SendCompressed}, false},
		{"VIP channel", useVIP, []matrix.API{matrix.SendVIP}, false},
		{"new topics by sending", createTopicBySending, []matrix.API{matrix.CreateBySend}, false},
		{"new topics", createTopic, []matrix.API{matrix.CreateTopic}, false},
		{"clustering", twoShareQueues, []matrix.API{matrix.PushClustering}, false},
		{"broadcasting", broadcastReachesAll, []matrix.API{matrix.PushBroadcasting}, false},
		{"order", consumeInOrder, []matrix.API{matrix.OrderedGlobally, matrix.OrderedPerKey}, false},
		{"delays", delayByLevel, []matrix.API{matrix.DelayLevels}, false},
		{"times", comeAtTime, []matrix.API{matrix.Timers}, false},
		{"tags", chooseByTags, []matrix.API{matrix.Tags}, false},
		{"SQL92", pushBySQL, []matrix.API{matrix.SQLPush}, false},
		{"retries", endAsDeadLetter, []matrix.API{matrix.Retry, matrix.DeadLetters}, false},
		{"pulls", pullFromAnOffset, []matrix.API{matrix.Pull}, false},
		{"waiting pulls", pullWaiting, []matrix.API{matrix.PullWaiting}, false},
		{"places", keepPullPlace, []matrix.API{matrix.PullPlace}, false},
		{"lite pulls", pollSubscribed, []matrix.API{matrix.LiteSubscribe}, false},
		{"lite pulls of assigned queues", pollAssigned, []matrix.API{matrix.LiteAssign, matrix.LitePull361}, false},
		{"SQL92 lite pulls", pollBySQL, []matrix.API{matrix.SQLLite}, false},
		{"requests", requestsGetReplies, []matrix.API{matrix.RequestReply}, false},
		{"namespaces", stayInNamespace, []matrix.API{matrix.Namespaces}, false},
		{"queries", findByIDsAndKeys, []matrix.API{matrix.QueryByOffsetID, matrix.QueryByUniqueID, matrix.QueryByKey}, false},
		{"offsets", tellOffsetsAndTimes, []matrix.API{matrix.QueueOffsets}, false},
	}
}

// Every stock client does everything it can over every route. What each scenario shows in detail others do over gateway routes.
func TestEveryClientDoesAllItCanOverEveryRoute(t *testing.T) {
	shapes := map[matrix.Route]server.Shape{matrix.Gateway: server.Split, matrix.Direct: server.Direct, matrix.Shared: server.Shared}
	if theatre.Target == server.Real {
		shapes = map[matrix.Route]server.Shape{matrix.Direct: server.Direct}
	}
	for route, shape := range shapes {
		t.Run(string(route), func(t *testing.T) {
			properties := checkProperties()
			properties["messageDelayLevel"], properties["enablePropertyFilter"], properties["transactionCheckMax"] = delayLevels, "true", "1000"
			srv := theatre.Server(t, shape, properties)
			atOnce := make(chan struct{}, 4) // of all clients' stops: a machine that carries more keeps none of their times
			var tours sync.WaitGroup
			for _, kind := range matrix.Clients(route) {
				tours.Go(func() {
					t.Run(string(kind), func(t *testing.T) { tour(t, matrix.Column{Kind: kind, Route: route}, srv, atOnce) })
				})
			}
			tours.Wait()
		})
	}
}

func tour(t *testing.T, of matrix.Column, srv server.Server, atOnce chan struct{}) {
	var going sync.WaitGroup
	for _, s := range stops() {
		if !s.isFor(of) {
			continue
		}
		going.Go(func() {
			if !s.waits {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
			}
			t.Run(s.name, func(t *testing.T) { s.visit(t, of, theatre.Client(t, of.Kind, srv)) })
		})
	}
	going.Wait()
}

// isFor says whether a client has what the stop is about. The real server has no messages with a time of their own.
func (s stop) isFor(c matrix.Column) bool {
	switch about := s.shows[0]; about {
	case matrix.LiteSubscribe, matrix.LiteAssign, matrix.SQLLite:
		return c.Has(about) && slices.Contains(liteKinds(), c.Kind)
	case matrix.Timers:
		return theatre.Target == server.Gantry
	default:
		return c.Has(about)
	}
}

func (s stop) visit(t *testing.T, of matrix.Column, c *stage.Client) {
	for _, api := range s.shows {
		if of.Has(api) {
			c.Shows(api)
		}
	}
	s.run(t, c)
}
