package keys

import (
	"fmt"
	"strings"

	"gantry/remoting/properties"
)

// Document is the table in docs/compatibility.md.
func Document() string {
	var b strings.Builder
	for _, o := range Objects() {
		fmt.Fprintf(&b, "\n### %s\n\n| key | type | default | here | what it decides, or why it decides nothing |\n|---|---|---|---|---|\n", o.Name)
		for _, k := range o.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, typeNames()[k.Type], k.defaultText(), k.Outcome, k.Why)
		}
	}
	return b.String()
}

func (k Key) defaultText() string {
	if k.Default == "" || k.FoundAtStart() {
		return strings.Trim(k.Default, "()")
	}
	return "`" + k.Default + "`"
}

func typeNames() map[properties.Type]string {
	return map[properties.Type]string{properties.Text: "text", properties.Path: "path", properties.Bool: "boolean",
		properties.Int: "int", properties.Long: "long"}
}

// String is the outcome in one or two words.
func (o Outcome) String() string {
	return [...]string{Fixed: "honoured", Live: "honoured, live", NoEffect: "no effect", Missing: "warned", Refused: "refused"}[o]
}
