package main

import (
	"strings"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// nameServers names those of a list separated by semicolons, as Java's clients take it.
func nameServers(list string) primitive.NsResolver {
	return primitive.NewPassthroughResolver(strings.Split(list, ";"))
}

// traceTo is the trace topic behind the same name servers.
func traceTo(list string) *primitive.TraceConfig {
	return &primitive.TraceConfig{GroupName: "tracers", Resolver: nameServers(list)}
}
