package main

import "fmt"

func printHead(proxies []proxy) {
	fmt.Printf("%-11s", "scenario")
	for _, p := range proxies {
		fmt.Printf(" %13s", p.name)
	}
	if compares(proxies) {
		fmt.Printf(" %7s %6s", "ratio", "limit")
	}
	fmt.Printf("   req/s\n")
}

func compares(proxies []proxy) bool {
	return proxies[0].name == "haproxy" && proxies[len(proxies)-1].name == "hawser"
}

// printRow prints the median of each proxy and, last, hawser over haproxy.
func printRow(b *bench, unit string, cost, rate map[string][]float64) {
	fmt.Printf("%-11s", b.sc.name)
	for _, p := range b.proxies {
		if len(cost[p.name]) == 0 {
			fmt.Printf(" %13s", "-")
			continue
		}
		fmt.Printf(" %10.2f %s", median(cost[p.name]), unit)
	}
	if compares(b.proxies) {
		printRatio(b.sc.limit, cost)
	}
	for _, p := range b.proxies {
		if len(rate[p.name]) > 0 {
			fmt.Printf("  %6.0f", median(rate[p.name]))
		}
	}
	fmt.Println()
}

func printRatio(limit float64, cost map[string][]float64) {
	ref, own := median(cost["haproxy"]), median(cost["hawser"])
	if ref == 0 || own == 0 {
		fmt.Printf(" %7s %6s", "-", "")
		return
	}
	mark := " "
	if limit > 0 && own/ref > limit {
		mark = "!"
	}
	fmt.Printf(" %6.2f%s", own/ref, mark)
	if limit > 0 {
		fmt.Printf(" %6.2f", limit)
	} else {
		fmt.Printf(" %6s", "")
	}
}
