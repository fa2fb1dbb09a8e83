package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"hawser/engine"
	"hawser/parser"
)

// help explains a word of the configuration language.
func help(args []string) int {
	if len(args) == 0 {
		usage(os.Stdout)
		return 0
	}
	word, found := strings.Join(args, " "), false
	say := func(kind, name, text string) {
		found = true
		fmt.Printf("%s %s\n    %s\n", kind, name, strings.ReplaceAll(text, "\n", "\n    "))
	}
	if k, ok := engine.GlobalKeywords.Get(word); ok {
		say("global keyword", word, k.Usage)
	}
	if k, ok := engine.Keywords.Get(word); ok {
		say("keyword", word, k.Usage)
	}
	if k, ok := engine.BindKeywords.Get(word); ok {
		say("bind option", word, k.Usage)
	}
	if k, ok := engine.ServerKeywords.Get(word); ok {
		say("server option", word, k.Usage)
	}
	if k, ok := engine.Fetches.Get(word); ok {
		say("sample fetch", word+" → "+k.Out.String(), k.Usage)
	}
	if k, ok := engine.Convs.Get(word); ok {
		say("converter", word+": "+k.In.String()+" → "+k.Out.String(), k.Usage)
	}
	for set, table := range engine.Actions {
		if k, ok := table.Get(word); ok {
			say(engine.RulesetName[set]+" action", word, k.Usage)
		}
	}
	if k, ok := engine.LogAliases.Get(strings.TrimPrefix(word, "%")); ok {
		say("log-format alias", "%"+k.Name, k.Usage)
	}
	if k, ok := engine.Balances.Get(word); ok {
		say("balance algorithm", word, k.Usage)
	}
	if k, ok := engine.Commands.Get(word); ok {
		say("runtime command", word, k.Usage)
	}
	if !found {
		fmt.Fprintf(os.Stderr, "hawser: nothing is known of '%s'\n", word)
		return 1
	}
	return 0
}

// dumpConfig is -dC: the configuration after variables and conditions.
func dumpConfig(w io.Writer, f *flags) {
	cfg, _ := parser.Parse(f.files, f.options().Parser)
	for _, s := range cfg.Sections {
		fmt.Fprintln(w, joinWords(append([]engine.Word{s.Kind}, s.Args...)))
		for _, l := range s.Lines {
			prefix := ""
			if l.No || l.Default {
				prefix = l.Prefix.Text + " "
			}
			fmt.Fprintln(w, "\t"+prefix+joinWords(l.Words))
		}
	}
}

func joinWords(words []engine.Word) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.NewReplacer(`\`, `\\`, " ", `\ `, "#", `\#`).Replace(w.Text)
	}
	return strings.Join(out, " ")
}
