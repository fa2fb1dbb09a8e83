// Package keyword holds the plain settings: the directives of global, defaults
// and the proxies that only fill in fields of the configuration, the rules and
// switching lines, bind and server lines with their options, error files, and
// the directives that HAProxy dropped, translated to what replaced them. One
// file per family; each has a table of rows at its top.
//
// It owns nothing at run time: what a setting does is the business of the
// engine and of the features that read it. Keywords of larger features (logs,
// checks, balance, TLS, stick tables, cookies) live with those features.
package keyword
