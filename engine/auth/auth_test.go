package auth

import "testing"

// TestVerify checks against what libxcrypt and openssl print.
func TestVerify(t *testing.T) {
	tests := []struct{ hash, pass string }{
		{"$1$abcdefgh$rlELB50f38LUhhk75DTw70", "secret word"},
		{"$1$$rpmA4u0GZbZzsddc1wzCB0", "Hello world!"},
		{"$5$abcdefgh$BlShvXo.3L9F.2nlZU387R5pVcSKbUx5PY33zaxwGu.", "secret word"},
		{"$6$abcdefgh$LD3B9uQazUr5JO40TJP6MCHMIO4iy9k4k8wtwFKc/2c.J3/D5xE/lc1u40jG/wrBUnUYu3FRVho1G9GJagdAs/", "secret word"},
		{"$6$rounds=1000$abcdefgh$Myo.Jps3.QItTLCKDMjeNrmplxrmGFn6DhVH.3XdtFePKQmLbUXrSdmJRXaEK.xf0rG9FIXaspJsTUeK0Ub7v.", "Hello world!"},
		{"$6$$.SKR9BCFmNlzTpsFbxLHKPVAMUdqxN8.85WISsmC.fRIPfZ78cePl/wQJcKzjcsDe8rRtdaVxJHS/E1LzWy3./", "Hello world!"},
		{"$2b$04$KBCwKxOzLha2MUDgW0PjXeQJ8xoIyKVHxeq8mQUu3VyfrugQnL66W", "secret word"},
		{"$2a$04$KBCwKxOzLha2MUDgW0PjXeQJ8xoIyKVHxeq8mQUu3VyfrugQnL66W", "secret word"},
		{"$2y$04$KBCwKxOzLha2MUDgW0PjXeQJ8xoIyKVHxeq8mQUu3VyfrugQnL66W", "secret word"},
		{"$y$j9T$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$j6QVyNYk7gDNB6g/rsbmm/KXjzJbHwT308yfvXveFtA", "secret word"},
		{"$y$j75$abcdefgh$seYLk3C3HyTtiwemJi2fPeplJP3Gd5RaKYGEt1rRkF2", "Hello world!"},
		{"$7$CU..../....k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$uT5w78KNUl01w95G5Tta3i0uNGwoij/reV9NTRMNhl7", "secret word"},
		{"$sha1$249552$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$iJQ6XT0mdqTuFPOFfXa45oWtV6jb", "secret word"},
		{"$md5,rounds=45105$mA1BpMnB$$uVsCireJ6Q3XxkP9BycPD1", "secret word"},
	}
	for _, tt := range tests {
		if !known(tt.hash) || !verify(tt.hash, []byte(tt.pass)) {
			t.Errorf("%s: the password is refused", tt.hash)
		}
		if verify(tt.hash, []byte(tt.pass+"x")) {
			t.Errorf("%s: a wrong password passes", tt.hash)
		}
	}
	for _, bad := range []string{"", "abc", "!", "*", "$9$x$y", "$6$x", "klixw/ntxFIU."} {
		if known(bad) {
			t.Errorf("%q counts as known", bad)
		}
	}
}

func TestUserList(t *testing.T) {
	l := &list{users: map[string]*user{
		"a": {pass: "pw", clear: true, groups: []string{"g1", "g2"}, good: map[[32]byte]bool{}},
		"b": {pass: method("$5$")("$5$abc$", []byte("x")), good: map[[32]byte]bool{}},
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
