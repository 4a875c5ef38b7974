package storenode

import "time"

// TransactionKeys are the keys of transactional messages, and their bounds.
type TransactionKeys struct {
	RejectTransactionMessage       bool  `property:"rejectTransactionMessage"` // they are refused
	TransactionTimeOutMillis       int64 `property:"transactionTimeOut"`       // younger ones are not asked about
	TransactionCheckMax            int   `property:"transactionCheckMax"`      // who was asked about so often is given up
	TransactionCheckIntervalMillis int64 `property:"transactionCheckInterval"` // between two rounds of asking

	EndingTransactions int // END_TRANSACTION under way, in all
	TransactionPages   int // of 4096 half messages that have ended in part: 1 KiB each
}

// DefaultTransactionKeys is what RocketMQ 4.9.7 uses where nothing is said.
func DefaultTransactionKeys() TransactionKeys {
	return TransactionKeys{TransactionTimeOutMillis: 6000, TransactionCheckMax: 15, TransactionCheckIntervalMillis: 60_000,
		EndingTransactions: 10_000, TransactionPages: 16_384}
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
