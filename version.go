package main

import (
	"fmt"
	"runtime"

	"gantry/remoting"
)

// release is set by the build: -ldflags "-X main.release=…".
var release = "0.1.0-dev"

func version() string {
	return fmt.Sprintf("%s (answers as RocketMQ 4.9.7, version ordinal %d; %s)", release, remoting.Version, runtime.Version())
}
