// Command sqlcases records what the SQL92 evaluator of RocketMQ 4.9.7 says of expressions and property sets that it makes up:
// `go run ./cmd/sqlcases [-seed N] [-random N] FILE.gz` in tools/compat. The file is what storenode/filter/sql is compared with.
//
// It is text, compressed by gzip; a tab lies between fields, and \\, \n, \r, \t stand for those characters. Lines "p NAME=VALUE …"
// are property sets, numbered from 0. Lines "e FIRST VERDICTS EXPRESSION" are expressions. VERDICTS is one letter for each of the
// eight sets from FIRST on, after the last comes set 0: T true, F false, N null, or why the evaluation fails: n a text is no
// number, s two texts have no order, c a truth value is compared with a text. It is one letter where the expression cannot be
// read: L no token, P not by the grammar, R a wrong operand, W too large a number, C operands that cannot be compared.
//
// matrix.go sets every operator between every two kinds of operands, byhand.go has what is known to be odd, random.go makes
// expressions by the grammar and spoils some of them; Verdicts.java asks the evaluator. The same seed makes the same cases.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"gantry/tools/compat/artifacts"
)

func main() {
	seed := flag.Uint64("seed", 497, "of the random cases")
	random := flag.Int("random", 6000, "how many expressions are made at random")
	flag.Parse()
	if err := run(*seed, *random, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "sqlcases:", err)
		os.Exit(1)
	}
}

func run(seed uint64, random int, file string) error {
	if file == "" {
		return fmt.Errorf("no file to write to is named")
	}
	verdicts, err := ask(context.Background(), cases(seed, random))
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compress the verdicts: %w", err)
	}
	if _, err := w.Write(verdicts); err != nil {
		return fmt.Errorf("compress the verdicts: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("compress the verdicts: %w", err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o666); err != nil {
		return fmt.Errorf("write the verdicts: %w", err)
	}
	fmt.Printf("%d expressions, %d bytes\n", bytes.Count(verdicts, []byte("\ne\t")), packed.Len())
	return nil
}

// cases is what Verdicts.java reads.
func cases(seed uint64, random int) []byte {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 92))}
	var b bytes.Buffer
	for range propertySets {
		fmt.Fprintf(&b, "p%s\n", g.set())
	}
	write := func(expression string) {
		fmt.Fprintf(&b, "e\t%d\t%s\n", g.rand.IntN(propertySets), escape.Replace(expression))
	}
	for _, expression := range byHand {
		for range 3 {
			write(expression)
		}
	}
	for expression := range matrix() {
		write(expression)
	}
	for range random {
		write(g.expression())
	}
	return b.Bytes()
}

var escape = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r", "\t", "\\t")

// ask runs the real evaluator.
func ask(ctx context.Context, cases []byte) ([]byte, error) {
	set, err := artifacts.Ensure(ctx)
	if err != nil {
		return nil, err
	}
	classpath, err := set.ServerClasspath()
	if err != nil {
		return nil, err
	}
	source := filepath.Join(set.Repository(), "tools", "compat", "cmd", "sqlcases", "Verdicts.java")
	cmd := exec.CommandContext(ctx, "java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", classpath, source)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(cases), os.Stderr
	verdicts, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask the real evaluator: %w", err)
	}
	return verdicts, nil
}
