package balance

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/hash"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "balance", In: engine.InAllBE, Min: 0, Max: -1, Parse: parseBalance,
			Usage: "balance <algorithm> [<arguments>]: how a server is chosen for streams that nothing binds to one (random)"},
		engine.Keyword{Name: "hash-type", In: engine.InAllBE, Min: 0, Max: -1, Parse: parseHashType,
			Usage: "hash-type <map-based|consistent> [sdbm|djb2|wt6|crc32|none] [avalanche]: how the hash algorithms of balance map keys to servers (map-based sdbm)"},
		engine.Keyword{Name: "hash-balance-factor", In: engine.InDefaults | engine.InAllBE, Min: 0, Max: 1, Parse: parseFactor,
			Usage: "hash-balance-factor <percent>: with hash-type consistent, no server gets more than this part of the average load; 0: no bound"},
		engine.Keyword{Name: "hash-preserve-affinity", In: engine.InAllBE, Min: 0, Max: 1, Parse: parseAffinity,
			Usage: "hash-preserve-affinity <always|maxconn|maxqueue>: when a hash algorithm may pass over the server of a key"},
	)
	engine.AddServerKeywords(engine.ServerKeyword{Name: "hash-key", Args: 1, Parse: parseHashKey,
		Usage: "hash-key <id|id32|guid|addr|addr-port>: what places the server on the ring of hash-type consistent (id)"})
}

// hashKey is the hash-key of a server; "" is id.
var hashKey = engine.NewSlot[*engine.Server, string]("hash-key")

const algorithms = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options."

// parens are the algorithms with an argument in parentheses; it must be there
// where the value is true.
var parens = map[string]bool{"hdr": true, "random": false, "rdp-cookie": false}

// parseBalance checks the arguments and leaves them for the algorithm: its name,
// what stood in parentheses, and the words behind.
func parseBalance(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		b.Px.Balance.Words = nil
		return nil
	}
	name, rest := l.Words[1], l.Words[2:]
	arg := engine.Word{Pos: name.Pos}
	open := strings.IndexByte(name.Text, '(')
	if open > 0 {
		if _, ok := parens[name.Text[:open]]; !ok {
			return unknownAlgorithm(name)
		}
		end := len(name.Text)
		if name.Text[end-1] == ')' {
			end--
		}
		end = max(end, open+1)
		arg, name = name.Slice(open+1, end), name.Slice(0, open)
	}
	if _, ok := engine.Balances.Get(name.Text); !ok || open < 0 && parens[name.Text] {
		return unknownAlgorithm(name)
	}
	if check := arguments[name.Text]; check != nil {
		if err := check(arg, open > 0, rest); err != nil {
			return err
		}
	}
	b.Px.Balance.Words = append([]engine.Word{name, arg}, rest...)
	return nil
}

func unknownAlgorithm(name engine.Word) error {
	d := diag.Errorf(name.Pos, algorithms)
	if near, ok := engine.Balances.Nearest(name.Text); ok {
		d.WithHint(near)
	}
	return d
}

// arguments check what follows an algorithm's name.
var arguments = map[string]func(arg engine.Word, given bool, rest []engine.Word) error{
	"random": func(arg engine.Word, given bool, _ []engine.Word) error {
		if !given {
			return nil
		}
		n, err := strconv.Atoi(arg.Text)
		if err != nil {
			bad := strings.TrimLeft(arg.Text, "0123456789") + ")"
			return diag.Errorf(arg.Pos, "balance random : unexpected character '%c' after argument.", bad[0])
		}
		if n < 1 {
			return diag.Errorf(arg.Pos, "balance random : number of draws must be at least 1.")
		}
		return nil
	},
	"rdp-cookie": func(arg engine.Word, given bool, _ []engine.Word) error {
		if given && arg.Text == "" {
			return diag.Errorf(arg.Pos, "balance rdp-cookie : missing cookie name.")
		}
		return nil
	},
	"hdr": func(arg engine.Word, _ bool, rest []engine.Word) error {
		if arg.Text == "" {
			return diag.Errorf(arg.Pos, "balance hdr requires an http header field name.")
		}
		if len(rest) > 0 && rest[0].Text != "use_domain_only" {
			return diag.Errorf(rest[0].Pos, "balance hdr(%s) only accepts 'use_domain_only' modifier (got '%s').", arg.Text, rest[0].Text)
		}
		return nil
	},
	"url_param": func(arg engine.Word, _ bool, rest []engine.Word) error {
		if len(rest) == 0 {
			return diag.Errorf(arg.Pos, "balance url_param requires an URL parameter name.")
		}
		if len(rest) > 1 && rest[1].Text != "check_post" {
			return diag.Errorf(rest[1].Pos, "balance url_param only accepts 'check_post' modifier (got '%s').", rest[1].Text)
		}
		return nil
	},
	"hash": func(arg engine.Word, _ bool, rest []engine.Word) error {
		if len(rest) == 0 {
			return diag.Errorf(arg.Pos, "balance hash requires a sample expression.")
		}
		return nil
	},
	"log-hash": func(arg engine.Word, _ bool, rest []engine.Word) error {
		if len(rest) == 0 {
			return diag.Errorf(arg.Pos, "balance log-hash requires a converter list.")
		}
		return nil
	},
	"uri": func(_ engine.Word, _ bool, rest []engine.Word) error {
		_, err := uriOptions(rest)
		return err
	},
}

func parseHashType(b *engine.Build, l *engine.Line) error {
	spec, at := &b.Px.Balance, l.Words[0].Pos
	if len(l.Words) < 2 {
		return diag.Errorf(at, "'hash-type' only supports 'consistent' and 'map-based'.")
	}
	switch w := l.Words[1]; w.Text {
	case "consistent", "map-based":
	case "avalanche":
		return diag.Errorf(w.Pos, "experimental feature 'hash-type avalanche' is not supported anymore, please use 'hash-type map-based sdbm avalanche' instead.")
	default:
		return diag.Errorf(w.Pos, "'hash-type' only supports 'consistent' and 'map-based'.")
	}
	if len(l.Words) > 2 && hash.Named[l.Words[2].Text] == nil && l.Words[2].Text != "none" {
		return diag.Errorf(l.Words[2].Pos, "'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions.")
	}
	if len(l.Words) > 3 && l.Words[3].Text != "avalanche" {
		return diag.Errorf(l.Words[3].Pos, "'hash-type' only supports 'avalanche' as a modifier for hash functions.")
	}
	spec.HashType = l.Words[1:]
	return nil
}

func parseFactor(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, "'hash-balance-factor' expects an integer argument.")
	}
	n, err := unit.Int(l.Words[1].Text)
	if err != nil {
		n = 0
	}
	if n != 0 && n <= 100 {
		return diag.Errorf(l.Words[1].Pos, "'hash-balance-factor' must be 0 or greater than 100.")
	}
	b.Px.Balance.Factor = int(n)
	return nil
}

func parseAffinity(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, "'hash-preserve-affinity' needs a keyword to specify when to preserve hash affinity")
	}
	switch w := l.Words[1]; w.Text {
	case "always":
		b.Px.Balance.Affinity = ""
	case "maxconn", "maxqueue":
		b.Px.Balance.Affinity = w.Text
	default:
		return diag.Errorf(w.Pos, "'hash-preserve-affinity': unknown keyword '%s'", w.Text)
	}
	return nil
}

func parseHashKey(_ *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "id", "id32", "guid", "addr", "addr-port":
		*hashKey.Edit(srv) = args[0].Text
		return nil
	}
	return diag.Errorf(args[0].Pos, "'%s' has to be 'id', 'id32', 'guid', 'addr', or 'addr-port'.", name.Text)
}
