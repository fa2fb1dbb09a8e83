package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"strconv"
	"strings"

	xcrypt "github.com/go-crypt/x/crypt"
	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// methods are the forms of crypt(5) by their prefix. Each encrypts a password with
// the settings of an encrypted one; "" where these are none.
var methods = []struct {
	prefix string
	crypt  func(want string, pass []byte) string
}{
	{"$1$", md5Crypt},
	{"$5$", shaCrypt(sha256.New)},
	{"$6$", shaCrypt(sha512.New)},
	{"$2", bcryptSame},
	{"$y$", yesCrypt},
	{"$7$", scryptCrypt},
	{"$sha1$", sha1Crypt},
	{"$md5", sunMD5},
}

// known reports whether verify knows the form of an encrypted password.
func known(s string) bool { return method(s) != nil && strings.Count(s, "$") >= 3 }

func method(s string) func(want string, pass []byte) string {
	for _, m := range methods {
		if strings.HasPrefix(s, m.prefix) {
			return m.crypt
		}
	}
	return nil
}

// verify compares a password with its encrypted form.
func verify(want string, pass []byte) bool {
	f := method(want)
	return f != nil && subtle.ConstantTimeCompare([]byte(want), []byte(f(want, pass))) == 1
}

// md5Crypt is $1$salt$sum, the salt of up to 8 bytes.
func md5Crypt(want string, pass []byte) string {
	salt, _, _ := strings.Cut(want[len("$1$"):], "$")
	salt = salt[:min(8, len(salt))]
	return "$1$" + salt + "$" + string(xcrypt.KeyMD5Crypt(pass, []byte(salt)))
}

// shaCrypt is $5$[rounds=n$]salt$sum, the salt of up to 16 bytes.
func shaCrypt(sum func() hash.Hash) func(want string, pass []byte) string {
	return func(want string, pass []byte) string {
		head, rest, rounds := want[:3], want[3:], 5000
		if given, ok := strings.CutPrefix(rest, "rounds="); ok {
			n, behind, _ := strings.Cut(given, "$")
			var err error
			if rounds, err = strconv.Atoi(n); err != nil || rounds < 1000 || rounds > 999_999_999 || n[0] == '0' {
				return ""
			}
			head, rest = head+"rounds="+n+"$", behind
		}
		salt, _, _ := strings.Cut(rest, "$")
		salt = salt[:min(16, len(salt))]
		return head + salt + "$" + string(xcrypt.KeySHACrypt(sum, pass, []byte(salt), rounds))
	}
}

// bcryptSame is want itself if the password is right: bcrypt compares by itself.
func bcryptSame(want string, pass []byte) string {
	if bcrypt.CompareHashAndPassword([]byte(want), pass) != nil {
		return ""
	}
	return want
}

func yesCrypt(want string, pass []byte) string {
	b, err := yescrypt.Hash(pass, []byte(want))
	if err != nil {
		return ""
	}
	return string(b)
}

// scryptCrypt is $7$Nrrrrrpppppsalt$sum: N is the logarithm of the cost, r and p
// are of five digits, the salt is taken as it stands.
func scryptCrypt(want string, pass []byte) string {
	end := strings.LastIndexByte(want, '$')
	if end < 14 {
		return ""
	}
	cost, r, p := number64(want[3:4]), number64(want[4:9]), number64(want[9:14])
	if cost < 1 || cost > 24 || r < 1 || r > 1<<10 || p < 1 || p > 1<<10 {
		return ""
	}
	key, err := scrypt.Key(pass, []byte(want[14:end]), 1<<cost, r, p, 32)
	if err != nil {
		return ""
	}
	return want[:end+1] + string(yescrypt.Encode64(key))
}

// number64 reads digits of base 64, the least significant first; -1: none.
func number64(s string) int {
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := 0
	for i := len(s) - 1; i >= 0; i-- {
		d := strings.IndexByte(digits, s[i])
		if d < 0 {
			return -1
		}
		n = n<<6 | d
	}
	return n
}

// sha1Crypt is $sha1$rounds$salt$sum.
func sha1Crypt(want string, pass []byte) string {
	f := strings.Split(want, "$")
	if len(f) < 5 {
		return ""
	}
	rounds, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil || rounds == 0 {
		return ""
	}
	return strings.Join(f[:4], "$") + "$" + string(xcrypt.KeySHA1Crypt(pass, []byte(f[3]), uint32(rounds)))
}

// sunMD5 is $md5[,rounds=n]$salt$$sum: all before the sum is the salt.
func sunMD5(want string, pass []byte) string {
	end := strings.LastIndexByte(want, '$')
	if end < 5 {
		return ""
	}
	rounds := uint64(0)
	if given, ok := strings.CutPrefix(want, "$md5,rounds="); ok {
		n, _, _ := strings.Cut(given, "$")
		var err error
		if rounds, err = strconv.ParseUint(n, 10, 32); err != nil {
			return ""
		}
	}
	f := strings.Split(want, "$")
	return want[:end+1] + string(xcrypt.KeyMD5CryptSun(pass, []byte(f[2]), uint32(rounds)))
}
