package pattern

import (
	"strconv"
	"strings"

	"hawser/engine"
)

func (k kindCommands) add(c *engine.CLI, args []string) error {
	gen, given, args := version(args)
	want := 2
	usage := "'add acl' expects two parameters: ACL identifier and pattern.\n"
	if k.isMap {
		want, usage = 3, "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload\n"
	}
	payload := c.Payload != "" && len(args) == 1
	if len(args) < want && !payload {
		return engine.Refuse(usage)
	}
	r, gen, err := k.findAt(c, args[0], gen, given)
	if err != nil {
		return err
	}
	if payload {
		return k.addMany(r, gen, c.Payload)
	}
	val := ""
	if k.isMap {
		val = args[2]
	}
	return refused(r.Add(gen, args[1], val))
}

func refused(err error) error {
	if err != nil {
		return engine.Refuse(err.Error() + ".\n")
	}
	return nil
}

func (k kindCommands) addMany(r *Ref, gen uint32, text string) error {
	for _, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r")
		if line == "" {
			continue
		}
		key, val := line, ""
		if k.isMap {
			i := strings.IndexAny(line, " \t")
			if i < 0 {
				return engine.Refuse("Missing value for key '" + line + "'.\n")
			}
			key, val = line[:i], strings.TrimLeft(line[i:], " \t")
		}
		if err := refused(r.Add(gen, key, val)); err != nil {
			return err
		}
	}
	return nil
}

// entry returns the set and the entries that "<set> <key>" names.
func (k kindCommands) entry(c *engine.CLI, args []string) (*Ref, func(*Entry) bool, error) {
	r, err := k.find(c, args[0])
	if err != nil {
		return nil, nil, err
	}
	fit, err := fits(r, args[1])
	return r, fit, err
}

// fits reads a key or "#0x…" (an entry by its reference).
func fits(r *Ref, key string) (func(*Entry) bool, error) {
	gen, _, _ := r.Versions()
	if strings.HasPrefix(key, "#") {
		p, err := strconv.ParseUint(strings.TrimPrefix(key[1:], "0x"), 16, 64)
		if err != nil {
			return nil, engine.Refuse("Malformed identifier. Please use #<id> or <file>.\n")
		}
		return func(en *Entry) bool { return en.pointer() == p }, nil
	}
	return func(en *Entry) bool { return en.Key == key && en.Gen == gen }, nil
}

func (k kindCommands) del(c *engine.CLI, args []string) error {
	if len(args) < 2 {
		return engine.Refuse("This command expects two parameters: " + k.title + " identifier and key.\n")
	}
	r, fit, err := k.entry(c, args)
	if err != nil {
		return err
	}
	if !r.Delete(fit) {
		return engine.Refuse("Key not found.\n")
	}
	return nil
}

func (k kindCommands) set(c *engine.CLI, args []string) error {
	if len(args) < 3 {
		return engine.Refuse("'set map' expects three parameters: map identifier, key and value.\n")
	}
	r, fit, err := k.entry(c, args)
	if err != nil {
		return err
	}
	found, err := r.Set(fit, args[2])
	if err != nil {
		return refused(err)
	}
	if !found {
		return engine.Refuse("entry not found.\n")
	}
	return nil
}

func (k kindCommands) clear(c *engine.CLI, args []string) error {
	gen, given, args := version(args)
	if len(args) == 0 {
		return engine.Refuse("Missing " + k.title + " identifier.\n")
	}
	r, gen, err := k.findAt(c, args[0], gen, given)
	if err != nil {
		return err
	}
	r.Delete(func(en *Entry) bool { return en.Gen == gen })
	return nil
}

func (k kindCommands) prepare(c *engine.CLI, args []string) error {
	r, err := k.find(c, first(args))
	if err != nil {
		return err
	}
	c.Print("New version created: " + strconv.Itoa(int(r.Prepare())) + "\n")
	return nil
}

func (k kindCommands) commit(c *engine.CLI, args []string) error {
	gen, given, args := version(args)
	if !given {
		return engine.Refuse("Missing version number.\n")
	}
	r, err := k.find(c, first(args))
	if err != nil {
		return err
	}
	if !r.Commit(gen) {
		return engine.Refuse("Version number out of range.\n")
	}
	return nil
}
