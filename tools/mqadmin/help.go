package mqadmin

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// helpWidth is how long a line of help gets.
const helpWidth = 110

// overview lists the commands.
func overview(w io.Writer) {
	fmt.Fprintln(w, "The most commonly used mqadmin commands are:")
	for _, c := range commands() {
		fmt.Fprintf(w, "   %-20s %s\n", c.name, c.about)
	}
	fmt.Fprintln(w, "\nSee 'mqadmin help <command>' for more information on a specific command.")
}

// usage prints a command's options as commons-cli does.
func usage(w io.Writer, c *command) {
	all := slices.Concat(everywhere(), c.options)
	slices.SortStableFunc(all, func(x, y option) int { return cmp.Compare(strings.ToLower(x.short), strings.ToLower(y.short)) })
	line := "usage: mqadmin " + c.name
	var synopsis []string
	for _, o := range all {
		if !c.grouped || !slices.Contains(c.oneOf, o.short) {
			synopsis = append(synopsis, o.synopsis())
		} else if o.short == c.oneOf[0] {
			synopsis = append(synopsis, c.alternatives(all))
		}
	}
	fmt.Fprintln(w, fold(line+" "+strings.Join(synopsis, " "), len("usage: "), helpWidth))
	widest := 0
	for _, o := range all {
		widest = max(widest, len(o.head()))
	}
	for _, o := range all {
		fmt.Fprintln(w, fold(fmt.Sprintf("%-*s   %s", widest, o.head(), o.about), widest+3, helpWidth))
	}
}

func (o option) plain() string {
	if o.arg {
		return "-" + o.short + " <arg>"
	}
	return "-" + o.short
}

func (o option) synopsis() string {
	if o.required {
		return o.plain()
	}
	return "[" + o.plain() + "]"
}

func (c *command) alternatives(all []option) string {
	var texts []string
	for _, o := range all {
		if slices.Contains(c.oneOf, o.short) {
			texts = append(texts, o.plain())
		}
	}
	return strings.Join(texts, " | ")
}

func (o option) head() string {
	head := " -" + o.short + ",--" + o.long
	if o.arg {
		head += " <arg>"
	}
	return head
}

// fold breaks a text at blanks; further lines begin at indent.
func fold(text string, indent, width int) string {
	var lines []string
	for len(text) > width {
		at := strings.LastIndexByte(text[:width], ' ')
		if at <= indent {
			break
		}
		lines = append(lines, strings.TrimRight(text[:at], " "))
		text = strings.Repeat(" ", indent) + strings.TrimLeft(text[at:], " ")
	}
	return strings.Join(append(lines, text), "\n")
}
