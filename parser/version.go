package parser

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// CompareVersions orders versions as HAProxy writes them: "2.4-dev19" before "2.4-rc1" before "2.4.0", missing parts
// are zero and what cannot be read counts as nothing.
func CompareVersions(a, b string) int {
	return slices.Compare(versionParts(a), versionParts(b))
}

// versionParts is major, minor, patch, stage (0 dev, 1 rc, 2 released), the number of the stage and that of the commit.
func versionParts(s string) []int {
	parts := []int{0, 0, 0, 2, 0, 0}
	main, suffix, _ := strings.Cut(s, "-")
	for i, field := range strings.SplitN(main, ".", 3) {
		parts[i] = leadingInt(field)
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		parts[3] = 0
	}
	stage, commit, staged := strings.Cut(suffix, "-")
	if rest, ok := strings.CutPrefix(stage, "dev"); ok {
		parts[3], parts[4] = 0, leadingInt(rest)
	} else if rest, ok := strings.CutPrefix(stage, "rc"); ok {
		parts[3], parts[4] = 1, leadingInt(rest)
	} else if !staged {
		commit = stage // "2.4.7-46"
	}
	parts[5] = leadingInt(commit)
	return parts
}

func leadingInt(s string) int {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

// compareOpenSSL compares "1.1.1k" or "3.0.0-beta1" with the library's version; it needs all three numbers.
func compareOpenSSL(have, arg string, want func(int) bool) (result, ok bool) {
	other := opensslParts(arg)
	if other == nil {
		return false, false
	}
	mine := opensslParts(have)
	return mine != nil && want(slices.Compare(mine, other)), true
}

// opensslParts is major, minor, patch, letter, and the stage (release last).
func opensslParts(s string) []int {
	main, suffix, pre := strings.Cut(s, "-")
	fields := strings.SplitN(main, ".", 3)
	if len(fields) < 3 {
		return nil
	}
	parts := make([]int, 0, 6)
	for _, f := range fields {
		if f == "" || f[0] < '0' || f[0] > '9' {
			return nil
		}
		parts = append(parts, leadingInt(f))
	}
	letter := 0
	if last := strings.TrimLeft(fields[2], "0123456789"); last != "" {
		letter = int(last[0]-'a') + 1
	}
	stage := 15
	if pre {
		stage = 0
		if rest, ok := strings.CutPrefix(suffix, "beta"); ok {
			stage = leadingInt(rest)
		}
	}
	return append(parts, letter, stage)
}

// compareNumber compares plain numbers; without one of ours no argument is good.
func compareNumber(have, arg string, want func(int) bool) (result, ok bool) {
	mine, err1 := strconv.Atoi(have)
	other, err2 := strconv.Atoi(arg)
	if err1 != nil || err2 != nil {
		return false, false
	}
	return want(cmp.Compare(mine, other)), true
}
