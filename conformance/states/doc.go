// Package states compares what becomes of servers when an operator commands it,
// and when a process begins with the states that another one left: one
// configuration is run by HAProxy and by Hawser, both are told the same, and "show
// servers state", the state columns of "show stat" and the lines on standard error
// must be the same.
package states
