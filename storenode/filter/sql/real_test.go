package sql

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"

	"gantry/remoting/message"
)

// letters are those of testdata/verdicts-4.9.7.gz, which tools/compat/cmd/sqlcases has recorded and describes.
var (
	verdictLetters = map[Verdict]byte{True: 'T', False: 'F', Unknown: 'N', NotANumber: 'n', NotComparable: 's', NotText: 'c'}
	kindLetters    = map[Kind]string{Lexical: "L", Grammar: "P", Operand: "R", Number: "W", Mixed: "C", Bound: "too large"}
)

const setsPerExpression = 8

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")

// recorded is what the real evaluator said of one expression.
type recorded struct {
	expression, verdicts string
	first                int
}

func readRecorded(t testing.TB) (sets []message.Properties, expressions []recorded) {
	t.Helper()
	file, err := os.Open("testdata/verdicts-4.9.7.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if fields[0] == "p" {
			sets = append(sets, propertiesOf(fields[1:]))
			continue
		}
		first, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		expressions = append(expressions, recorded{first: first, verdicts: fields[2], expression: unescape.Replace(fields[3])})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return sets, expressions
}

func propertiesOf(pairs []string) message.Properties {
	var p message.Properties
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		p = p.Set(name, unescape.Replace(value))
	}
	return p
}

// verdicts is what we say, in the recorded letters.
func (r recorded) ours(sets []message.Properties) string {
	e, err := Parse(r.expression)
	if err != nil {
		return kindLetters[err.(*Error).Kind]
	}
	var letters strings.Builder
	for i := range setsPerExpression {
		letters.WriteByte(verdictLetters[e.Evaluate(sets[(r.first+i)%len(sets)])])
	}
	return letters.String()
}

func TestEveryVerdictIsTheRealEvaluators(t *testing.T) {
	sets, expressions := readRecorded(t)
	seen := map[byte]int{}
	different := 0
	for _, r := range expressions {
		for i := range len(r.verdicts) {
			seen[r.verdicts[i]]++
		}
		if ours := r.ours(sets); ours != r.verdicts {
			if different++; different <= 50 {
				t.Errorf("%q on sets from %d: %s, the real evaluator says %s", r.expression, r.first, ours, r.verdicts)
			}
		}
	}
	if different > 0 {
		t.Errorf("%d of %d expressions differ", different, len(expressions))
	}
	if len(expressions) < 5000 {
		t.Errorf("%d expressions are recorded, 5000 are wanted", len(expressions))
	}
	for _, letter := range "TFNnscLPRWC" {
		if seen[byte(letter)] == 0 {
			t.Errorf("no recorded verdict is %c", letter)
		}
	}
	t.Logf("%d expressions, %d sets, verdicts %v", len(expressions), len(sets), seen)
}

func TestWhatIsPrintedReadsTheSame(t *testing.T) {
	sets, expressions := readRecorded(t)
	printed := 0
	for _, r := range expressions {
		e, err := Parse(r.expression)
		if err != nil {
			continue
		}
		printed++
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q prints as %q, which reads as %v, %v", r.expression, e, again, err)
		}
		r.expression = e.String()
		if ours := r.ours(sets); ours != r.verdicts {
			t.Fatalf("as printed, %q says %s, the real evaluator %s", r.expression, ours, r.verdicts)
		}
	}
	if printed == 0 {
		t.Error("nothing was read")
	}
}
