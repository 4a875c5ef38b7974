package artifacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// resolve runs Maven for one profile, or module, unless its stamp says that its sources are those of the last run and every jar is
// still where it was.
func (s *Set) resolve(ctx context.Context, profile string) error {
	sources, goals := []string{"pom.xml", "javaagent"}, []string{"-P" + profile}
	if profile == spring {
		sources, goals = []string{"springapp"}, []string{"-f", "springapp"}
	}
	sum, err := s.sourceSum(sources)
	if err != nil {
		return err
	}
	stamp := filepath.Join(s.target(profile), "stamp")
	if last, err := os.ReadFile(stamp); err == nil && string(last) == sum && s.jarsExist(profile) {
		return nil
	}
	goals = append(goals, "-q", "-B", "-ntp", "dependency:build-classpath")
	if profile == spring || strings.HasPrefix(profile, "java") {
		goals = append(goals, "compile")
	}
	if err := s.run(ctx, "mvn", goals...); err != nil {
		return err
	}
	if err := os.WriteFile(stamp, []byte(sum), 0o666); err != nil {
		return fmt.Errorf("stamp %s: %w", profile, err)
	}
	return nil
}

func (s *Set) buildGoAgent(ctx context.Context) error {
	return s.run(ctx, "go", "build", "-o", s.GoAgent(), "./goagent")
}

func (s *Set) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, output)
	}
	return nil
}

func (s *Set) jarsExist(profile string) bool {
	classpath, err := s.classpath(profile)
	if err != nil {
		return false
	}
	for _, jar := range filepath.SplitList(classpath) {
		if _, err := os.Stat(jar); err != nil {
			return false
		}
	}
	return true
}

// sourceSum is one sum over files and folders.
func (s *Set) sourceSum(sources []string) (string, error) {
	hash := sha256.New()
	add := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			fmt.Fprintf(hash, "%s %d\n", path, len(text))
			hash.Write(text)
		}
		return err
	}
	for _, source := range sources {
		if err := filepath.WalkDir(filepath.Join(s.root, source), add); err != nil {
			return "", fmt.Errorf("sum the sources: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
