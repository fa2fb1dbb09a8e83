package balance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestRandom lets chance make the backends and what happens to their servers,
// backups among them. HAWSER_SEED=n gives others.
func TestRandom(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("HAWSER_SEED"), 10, 64)
	if err != nil {
		seed = 14
	}
	r := rand.New(rand.NewPCG(seed, 1))
	scenes, passes := make([]scene, 40), make([]pass, 12)
	for i := range scenes {
		scenes[i] = randomScene(r)
	}
	for i := 1; i < len(passes); i++ {
		for range 1 + r.IntN(3) {
			passes[i] = append(passes[i], randomCommand(r))
		}
	}
	compare(t, scenes, passes)
	if t.Failed() {
		t.Logf("seed %d, passes %v", seed, passes)
	}
}

func oneOf(r *rand.Rand, words ...string) string { return words[r.IntN(len(words))] }

// randomScene has seven servers. Where some requests have no key, no scene is
// made: at which point the turns go on after a change is no promise.
func randomScene(r *rand.Rand) scene {
	a := algorithms[r.IntN(len(algorithms))]
	for a.gaps {
		a = algorithms[r.IntN(len(algorithms))]
	}
	balance := a.balance
	if r.IntN(4) == 0 {
		balance = oneOf(r, "static-rr", "first")
	}
	way := oneOf(r, "map-based", "consistent")
	s := scene{key: a.key, keys: 100, lines: []string{"balance " + balance,
		"hash-type " + way + " " + oneOf(r, "sdbm", "djb2", "wt6", "crc32") + oneOf(r, "", " avalanche")}}
	if r.IntN(4) == 0 {
		s.lines = append(s.lines, "option allbackups")
	}
	if way == "consistent" && r.IntN(5) == 0 {
		s.lines = append(s.lines, fmt.Sprintf("hash-balance-factor %d", 101+r.IntN(100)))
	}
	for i := range 7 {
		options := oneOf(r, "", "weight 0", "weight 1", "weight 2", "weight 17", "weight 256", fmt.Sprintf("weight %d", r.IntN(257))) +
			oneOf(r, "", "", "", " backup", " disabled")
		if r.IntN(6) == 0 {
			options += fmt.Sprintf(" id %d", 100+10*i+r.IntN(9))
		}
		s.servers = append(s.servers, options)
	}
	s.name = strings.Join(append(s.lines, s.servers...), ", ")
	return s
}

func randomCommand(r *rand.Rand) string {
	server := "server $/" + string(rune('a'+r.IntN(7)))
	switch r.IntN(6) {
	case 0:
		return "disable " + server
	case 1, 2:
		return "enable " + server
	case 3:
		return fmt.Sprintf("set %s weight %d", server, r.IntN(257))
	case 4:
		return fmt.Sprintf("set %s weight %d%%", server, r.IntN(3)*50)
	}
	return "set " + server + " state " + oneOf(r, "drain", "maint", "ready")
}
