package resolver

import (
	"fmt"

	"hawser/engine"
)

func init() {
	engine.AddCommands(engine.Command{Words: "show resolvers", Usage: "[id]: dumps counters from all resolvers section and associated name servers", Run: show})
	engine.Nameservers = nameservers
}

// nameservers lists the name servers of a generation with their counters.
func nameservers(rt *engine.Runtime) []engine.Nameserver {
	var list []engine.Nameserver
	set := all.Get(rt)
	if set == nil {
		return nil
	}
	for _, sec := range set.list {
		list = append(list, sec.nameservers()...)
	}
	return list
}

func (r *section) nameservers() (list []engine.Nameserver) {
	a := find(r.name)
	if a == nil {
		return nil
	}
	done := make(chan struct{})
	if !a.do(func() {
		for _, cl := range a.clients {
			list = append(list, engine.Nameserver{Section: r.name, Name: cl.name, C: &cl.c})
		}
		close(done)
	}) {
		return nil
	}
	select {
	case <-done:
	case <-a.quit:
		return nil
	}
	return list
}

func show(c *engine.CLI, args []string) error {
	set := all.Get(c.RT)
	if set == nil {
		set = &sections{}
	}
	list := set.list
	if len(args) > 0 && args[0] != "" {
		sec := set.named(args[0])
		if sec == nil {
			return engine.Refuse("Can't find that resolvers section\n")
		}
		list = []*section{sec}
	}
	for _, sec := range list {
		c.Print("Resolvers section " + sec.name + "\n")
		for _, ns := range sec.nameservers() {
			c.Print(" nameserver " + ns.Name + ":\n")
			for _, f := range engine.NameserverFields {
				c.Print(fmt.Sprintf("  %-12s %d\n", f.Show+":", f.Of(ns.C).Load()))
			}
		}
	}
	c.Print("\n")
	return nil
}
