package keys

import (
	"bufio"
	"flag"
	"os"
	"strings"
	"testing"

	"gantry/remoting/properties"
)

var update = flag.Bool("update", false, "write the table of keys into docs/compatibility.md")

const (
	document   = "../../docs/compatibility.md"
	tableStart = "<!-- the tables of remoting/keys -->\n"
	tableEnd   = "<!-- the end of the keys -->\n"
)

func TestTheDocumentHoldsTheKeys(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), tableStart)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		t.Fatalf("%s lacks the lines around its tables of keys", document)
	}
	want := before + tableStart + Document() + tableEnd + after
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s differs from the table: go test ./remoting/keys -update writes it", document)
	}
}

// testdata/official-4.9.7.txt has a line for each setter of RocketMQ's
// configuration objects: object, key, Java type, and what a new object holds
// where that is not the machine's.
func TestEveryOfficialKeyHasARowOfItsTypeAndDefault(t *testing.T) {
	file, err := os.Open("testdata/official-4.9.7.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := map[string]Key{}
	for _, o := range Objects() {
		for _, k := range o.Keys {
			rows[o.Name+" "+k.Name] = k
		}
	}
	types := map[string][]properties.Type{"String": {properties.Text, properties.Path}, "boolean": {properties.Bool},
		"int": {properties.Int}, "long": {properties.Long}}
	lines := bufio.NewScanner(file)
	count := 0
	for lines.Scan() {
		word := strings.SplitN(lines.Text(), " ", 4)
		k, found := rows[word[0]+" "+word[1]]
		if !found {
			t.Errorf("%s has no row", lines.Text())
			continue
		}
		fits := false
		for _, one := range types[word[2]] {
			fits = fits || k.Type == one
		}
		if !fits {
			t.Errorf("%s: the row's type is another", lines.Text())
		}
		if value := strings.Join(word[3:], ""); !k.FoundAtStart() && k.Default != value {
			t.Errorf("%s: the row's default is %q", lines.Text(), k.Default)
		}
		count++
	}
	if count != 192 {
		t.Errorf("%d keys were compared", count)
	}
}

func TestRowsSayWhatTheyDecideOrWhyTheyDoNot(t *testing.T) {
	for _, o := range Objects() {
		seen := map[string]bool{}
		for _, k := range o.Keys {
			if seen[k.Name] {
				t.Errorf("%s stands twice in %s", k.Name, o.Name)
			}
			seen[k.Name] = true
			if len(strings.Fields(k.Why)) < 3 || strings.HasSuffix(k.Why, ".") || strings.Contains(k.Why, "|") {
				t.Errorf("%s: %q is no reason for one line", k.Name, k.Why)
			}
			if err := (properties.Unbound{Type: k.Type}).Accepts(k.Value()); err != nil && k.Value() != "" {
				t.Errorf("%s: the default %q is %v", k.Name, k.Value(), err)
			}
		}
	}
}

func TestWhatIsSaidOfAKeyDependsOnWhoReadsIt(t *testing.T) {
	for _, test := range []struct {
		text string
		of   Role
		want string
	}{
		{"sendMessageThreadPoolNums=128", Node, "f:1: sendMessageThreadPoolNums: has no effect: " + noPools},
		{"enableLmq=true", Node, "f:1: enableLmq: has no effect: " + noLmq},
		{"enableLmq=false", Node, ""},
		{"aclEnable=true", Node, "f:1: aclEnable: access control is not in this release: nobody would be checked; remove the line to start without it"},
		{"aclEnable=true", Proxy, "f:1: aclEnable: has no effect here: it is a key of a storage node"},
		{"gatewayBasePort=1", Node, "f:1: gatewayBasePort: has no effect here: it is a key of a proxy"},
		{"abortFile=/a", Node, "f:1: abortFile: has no effect: RocketMQ does not read it either; it lies below storePathRootDir"},
		{"flushDiskTyp=ASYNC_FLUSH", Node, "f:1: flushDiskTyp: unknown key, ignored; did you mean flushDiskType?"},
	} {
		entries, err := properties.Parse([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range properties.Bind(entries, Options("f", test.of)) {
			got += f.Error()
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}
