// Package balance compares which server gets which request: one configuration is
// run by HAProxy and by Hawser, both are sent the same keys in the same order,
// and every choice must be the same. The servers do not exist: a backend's answer
// for the failed connection names the server that was chosen, so that thousands
// of keys take a second. Choices that depend on load are compared with servers
// that hold their requests (load_test.go).
package balance
