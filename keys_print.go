package main

import (
	"bytes"
	"io"

	"gantry/remoting/keys"
	"gantry/remoting/properties"
)

// -p prints every key with its value, -m the important ones, as RocketMQ's
// mqbroker and mqnamesrv do after they have read their file. What is printed can
// be given to -c: keys without effect follow a comment that says why.

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
			p.key(k)
		}
	}
}

func (p *keyPrinter) key(k keys.Key) {
	value, honoured := p.fields[k.Name]
	again := p.printed[k.Name]
	p.printed[k.Name] = true
	switch {
	case again:
		return
	case honoured:
		p.why = ""
	case k.Outcome.Honoured():
		return // of another command
	default:
		p.because(k.Why)
		if value, honoured = properties.Get(p.entries, k.Name); honoured {
			break
		}
		if value = k.Value(); k.FoundAtStart() {
			p.text.WriteString("# " + k.Name + "=" + k.Default + "\n")
			return
		}
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
