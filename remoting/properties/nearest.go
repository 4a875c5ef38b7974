package properties

import (
	"slices"
	"strings"
)

// nearest is the key that word was probably meant to be, "" where none is near:
// one slip in four letters is forgiven, and any case.
func nearest(word string, keys []string) string {
	best, bestDistance := "", len(word)/4+1
	slices.Sort(keys)
	for _, key := range keys {
		if max(len(key)-len(word), len(word)-len(key)) >= bestDistance {
			continue // spares long words the table
		}
		if d := distance(strings.ToLower(word), strings.ToLower(key)); d < bestDistance {
			best, bestDistance = key, d
		}
	}
	return best
}

// distance counts the letters to put in, leave out, change or swap with their
// neighbour to get from a to b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
