package auth

import (
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestVerify checks against what openssl passwd prints.
func TestVerify(t *testing.T) {
	bc, err := bcrypt.GenerateFromPassword([]byte("allmine"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, hash, pass string }{
		{"md5", "$1$abcdefgh$rlELB50f38LUhhk75DTw70", "secret word"},
		{"sha256", "$5$abcdefgh$BlShvXo.3L9F.2nlZU387R5pVcSKbUx5PY33zaxwGu.", "secret word"},
		{"sha512", "$6$abcdefgh$LD3B9uQazUr5JO40TJP6MCHMIO4iy9k4k8wtwFKc/2c.J3/D5xE/lc1u40jG/wrBUnUYu3FRVho1G9GJagdAs/", "secret word"},
		{"sha512 with rounds", "$6$rounds=1000$abcdefgh$Myo.Jps3.QItTLCKDMjeNrmplxrmGFn6DhVH.3XdtFePKQmLbUXrSdmJRXaEK.xf0rG9FIXaspJsTUeK0Ub7v.", "Hello world!"},
		{"bcrypt", string(bc), "allmine"},
	}
	for _, tt := range tests {
		if !supported(tt.hash) || !verify(tt.hash, []byte(tt.pass)) {
			t.Errorf("%s: %s is not %s", tt.name, tt.hash, crypt(tt.hash, []byte(tt.pass)))
		}
		if verify(tt.hash, []byte(tt.pass+"x")) {
			t.Errorf("%s: a wrong password passes", tt.name)
		}
	}
	for _, bad := range []string{"", "abc", "$9$x$y", "$6$x"} {
		if supported(bad) {
			t.Errorf("%q counts as supported", bad)
		}
	}
}

func TestUserList(t *testing.T) {
	l := &list{users: map[string]*user{
		"a": {pass: "pw", clear: true, groups: []string{"g1", "g2"}, good: map[[32]byte]bool{}},
		"b": {pass: crypt("$5$abc$", []byte("x")), good: map[[32]byte]bool{}},
	}}
	for _, tt := range []struct {
		user, pass string
		want       bool
	}{{"a", "pw", true}, {"a", "pW", false}, {"b", "x", true}, {"b", "x", true}, {"b", "y", false}, {"c", "", false}} {
		if got := l.Check([]byte(tt.user), []byte(tt.pass)); got != tt.want {
			t.Errorf("Check(%s, %s) = %v", tt.user, tt.pass, got)
		}
	}
	if !l.Member([]byte("a"), "g2") || l.Member([]byte("b"), "g2") || l.Member([]byte("c"), "") {
		t.Error("Member is wrong")
	}
	if g := string(l.Groups(nil, []byte("a"))); g != "g1,g2," {
		t.Errorf("Groups = %q", g)
	}
}
