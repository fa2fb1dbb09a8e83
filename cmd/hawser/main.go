// Command hawser is a proxy and load balancer that runs haproxy.cfg files unchanged.
package main

func main() {}
