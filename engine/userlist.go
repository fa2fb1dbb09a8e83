package engine

// UserList is a userlist section, compiled.
type UserList interface {
	// Check tells whether the user exists and has this password; it may be slow.
	Check(user, pass []byte) bool
	// Member tells whether the user belongs to the group; an empty group is any.
	Member(user []byte, group string) bool
	// Groups appends the user's groups, each followed by a comma, to dst.
	Groups(dst, user []byte) []byte
}

// FindUserList returns the userlist of a name, nil if there is none; to be asked
// in StageResolve or later. The authentication feature provides it.
var FindUserList func(b *Build, name string) UserList
