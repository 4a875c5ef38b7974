package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// arrows says, per folder, which of ours its packages may import: themselves and
// what is named. The longest folder that fits a package counts. A test's own
// imports are free but for the last rule.
var arrows = map[string][]string{
	"remoting":            {"remoting"},
	"remoting/message":    {},
	"remoting/properties": {},
	"remoting/fastjson":   {},
	"membership":          {"membership", "remoting"},
	"storenode":           {"storenode", "membership", "remoting"},
	"storenode/vfs":       {},
	"storenode/longpoll":  {"storenode/longpoll"},
	"storenode/commitlog": {"storenode/vfs", "remoting/message"},
	"proxy":               {"proxy", "membership", "remoting"},
	"tools":               {"tools", "storenode", "proxy", "membership", "remoting"},
	"bench":               {"bench", "tools/client", "remoting", "membership"},
	"":                    {"remoting", "membership", "storenode", "proxy", "tools", "bench"},
}

const module = "gantry/"

func TestArrowsGoOneWay(t *testing.T) {
	for file, imported := range imports(t) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		if pkg == "." {
			pkg = ""
		}
		folder := folderOf(pkg)
		for _, path := range imported {
			if path != pkg && !within(path, arrows[folder]) {
				t.Errorf("%s imports %s: packages in %q may import %v", file, path, folder, arrows[folder])
			}
		}
	}
}

func TestProxyAndStorenodeNeverMeet(t *testing.T) {
	for file, imported := range imports(t) {
		for _, path := range imported {
			if strings.HasPrefix(file, "proxy/") && within(path, []string{"storenode"}) ||
				strings.HasPrefix(file, "storenode/") && within(path, []string{"proxy"}) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

func within(path string, folders []string) bool {
	for _, f := range folders {
		if path == f || strings.HasPrefix(path, f+"/") {
			return true
		}
	}
	return false
}

// folderOf is the longest key of arrows that pkg lies in.
func folderOf(pkg string) string {
	longest := ""
	for f := range arrows {
		if len(f) > len(longest) && within(pkg, []string{f}) {
			longest = f
		}
	}
	return longest
}

// imports lists, per Go file that is no test, what it imports of ours.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	walkGo(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = nil
		for _, spec := range parsed.Imports {
			if path := strings.Trim(spec.Path.Value, `"`); strings.HasPrefix(path, module) {
				all[file] = append(all[file], strings.TrimPrefix(path, module))
			}
		}
	})
	if len(all) < 20 {
		t.Fatalf("only %d Go files found", len(all))
	}
	return all
}

// walkGo visits every Go file of the main module.
func walkGo(t *testing.T, visit func(file string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "tools/compat" || path == "data" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			visit(filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
