package registry

import "strings"

// Nearest finds among candidates (in byte order for a stable answer) the one that was probably meant by name: least
// edit distance, where a swap of two neighbours counts as one edit, within a third of the length. A stray upper case
// is no edit. Prefix rows are compared without their star.
func Nearest(name string, candidates []string) (string, bool) {
	best, bestDist := "", limit(name)+1
	low := strings.ToLower(name)
	for _, c := range candidates {
		plain := strings.TrimSuffix(c, "*")
		if diff := len(plain) - len(low); diff >= bestDist || -diff >= bestDist {
			continue
		}
		if d := distance(low, strings.ToLower(plain), bestDist); d < bestDist {
			best, bestDist = plain, d
		}
	}
	return best, best != "" && best != name
}

// limit is how many edits still look like a slip: one up to three bytes, then one more for every three.
func limit(name string) int { return max(1, (len(name)+1)/3) }

// distance is the optimal string alignment distance, or something at least limit when it reaches that.
func distance(a, b string, limit int) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			d := prev[j-1]
			if a[i-1] != b[j-1] {
				d = min(d, prev[j], row[j-1]) + 1
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d = min(d, prev2[j-2]+1)
				}
			}
			row[j] = d
			least = min(least, d)
		}
		if least >= limit {
			return least
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
