package nameserver

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gantry/remoting/protocol"
)

func TestTheDocumentHasARowForEachCode(t *testing.T) {
	const document = "../../docs/compatibility.md"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## The name server's codes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[int32]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) ([A-Z_]+) \|`).FindAllStringSubmatch(section, -1) {
		code, err := strconv.ParseInt(row[1], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		rows[int32(code)] = row[2]
	}
	for code := range requests() {
		if got, want := rows[code], protocol.RequestName(code); got != want {
			t.Errorf("%s names code %d %q, want %s", document, code, got, want)
		}
		delete(rows, code)
	}
	for code, name := range rows {
		t.Errorf("%s has a row for %d %s, which is not answered", document, code, name)
	}
}
