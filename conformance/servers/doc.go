// Package servers checks real servers: PostgreSQL, MariaDB, Redis, OpenLDAP, an
// SMTP server and an agent. Each program is started on loopback in a temporary
// folder, stopped and started again, while HAProxy and Hawser watch it at the
// same time with the same file: the status words, what the statistics quote of
// the last check, and the lines about servers in the log must be alike. Real
// clients then work through the proxies, over a reload of Hawser, too.
//
// How often and in which order checks come is measured with servers of the test's
// own that note each check (pace_test.go). The programs are compared by ratios, or by
// the order of their states, for machines are slow at times.
//
// A program that is not installed skips its test; the end of the output counts
// what was skipped (conformance/setup.sh installs them where it may).
package servers
