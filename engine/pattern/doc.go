// Package pattern matches samples against patterns: the -m methods of ACLs, the
// map converters, pattern and map files, and the runtime commands and actions
// that change them.
//
// A Ref is a set of entries as a file or an ACL line gave it; a View indexes one
// for a match method. Views of a Ref that nobody changed at run time are read
// without a lock; the first change makes a copy that is read under the Ref's
// lock from then on. Refs of files are found again on reload as long as the file
// is the same, so that changes made at run time last. The package evaluates no
// condition itself and knows no sample fetch.
package pattern
