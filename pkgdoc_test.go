package main

import (
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// Every package says what it is for, who its neighbours are and what it is not,
// so that `go doc` is a tour.
func TestEveryPackageStatesItsPurpose(t *testing.T) {
	words := map[string]int{}
	walkGo(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		words[path.Dir(file)] += 0
		if parsed.Doc != nil {
			words[path.Dir(file)] += len(strings.Fields(parsed.Doc.Text()))
		}
	})
	for pkg, n := range words {
		if n < 15 {
			t.Errorf("package in %s has a comment of %d words", pkg, n)
		}
	}
}
