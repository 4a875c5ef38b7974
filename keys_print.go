package main

import (
	"bytes"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"gantry/remoting/keys"
	"gantry/remoting/properties"
)

// -p prints every key with its value, -m the important ones, as RocketMQ's
// mqbroker and mqnamesrv do after they have read their file. What is printed can
// be given to -c: keys without effect follow a comment that says why.

func printFlag() cli.Flag {
	return &cli.BoolFlag{Name: "p", Aliases: []string{"printConfigItem"}, Usage: "print every key with its value, and end"}
}

func importantFlag() cli.Flag {
	return &cli.BoolFlag{Name: "m", Aliases: []string{"printImportantConfig"}, Usage: "print the important keys with their values, and end"}
}

// printed is how a command ends that was asked for its keys alone.
type printed struct{}

func (printed) Error() string { return "" }

// ExitCode implements cli.ExitCoder.
func (printed) ExitCode() int { return 0 }

// printAsked prints what targets hold if -p or -m is given; its error ends the
// command.
func printAsked(c *cli.Context, targets ...any) error {
	if !c.Bool("p") && !c.Bool("m") {
		return nil
	}
	if err := printSettings(os.Stdout, c.String("c"), !c.Bool("p"), targets...); err != nil {
		return err
	}
	return printed{}
}

// printSettings writes what targets hold, and of the other keys what the file
// says.
func printSettings(w io.Writer, file string, important bool, targets ...any) error {
	entries, err := readEntries(file)
	if err != nil {
		return err
	}
	p := &keyPrinter{important: important, fields: map[string]string{}, printed: map[string]bool{}, entries: entries}
	for _, e := range properties.Entries(targets...) {
		p.fields[e.Key] = e.Value
	}
	of := roleOf(targets)
	for _, o := range keys.Objects() {
		if o.Of&of != 0 && !o.Unread {
			p.object(o)
		}
	}
	_, err = w.Write(p.text.Bytes())
	return err
}

type keyPrinter struct {
	important bool
	fields    map[string]string
	printed   map[string]bool // two objects may have a key
	entries   []properties.Entry
	text      bytes.Buffer
	why       string // told last
}

func (p *keyPrinter) object(o keys.Object) {
	p.why = ""
	p.text.WriteString("# " + o.Name + "\n")
	for _, k := range o.Keys {
		if k.Important || !p.important {
			p.key(k, o.Of)
		}
	}
}

func (p *keyPrinter) key(k keys.Key, has keys.Role) {
	value, honoured := p.fields[k.Name]
	if p.printed[k.Name] || !honoured && k.Outcome.Honoured() {
		return // once, and nothing of another command's
	}
	p.printed[k.Name] = true
	if honoured {
		p.why = ""
	} else {
		value, _ = properties.Get(p.entries, k.Name)
		p.because(k.Why)
	}
	if value == "" || has == keys.Proxy && value == "0" {
		value = k.Value()
	}
	if value == "" && k.FoundAtStart() {
		p.text.WriteString("# " + k.Name + "=" + k.Default + "\n")
		return
	}
	p.text.Write(properties.Append(nil, []properties.Entry{{Key: k.Name, Value: value}}))
}

// because says once why the keys that follow have no effect.
func (p *keyPrinter) because(why string) {
	if why != p.why {
		p.text.WriteString("# no effect: " + why + "\n")
	}
	p.why = why
}
