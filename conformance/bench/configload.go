package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// measureLoad times -c: CPU milliseconds, which the system counts exactly for
// a child that has ended.
func measureLoad(b *bench) error {
	file, err := b.writeConfig()
	if err != nil {
		return err
	}
	rounds := b.o.rounds
	if b.o.quick {
		rounds = 2
	}
	cost := map[string][]float64{}
	var bad error
	for range rounds {
		for _, p := range b.proxies {
			cmd := p.command([]string{"BENCH_DIR=" + b.dir}, "-c", "-f", file)
			ms, err := childCPU(cmd)
			if err != nil {
				bad = fmt.Errorf("%s: %w", p.name, err)
				continue
			}
			cost[p.name] = append(cost[p.name], ms)
		}
	}
	printRow(b, "ms", cost, nil)
	return bad
}

func childCPU(cmd *exec.Cmd) (float64, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := onFirstCore(cmd); err != nil {
		return 0, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("-c: %w: %.300s", err, out.String())
	}
	st := cmd.ProcessState
	return float64(st.UserTime().Microseconds()+st.SystemTime().Microseconds()) / 1000, nil
}
