package check

// order refuses a rule that cannot stand behind those before it: HTTP checks go
// connect, send, expect, and a connection that is opened by a rule must be opened
// by the first one.
func (set *ruleset) order(w *words, s step, http bool) error {
	var first, last step
	for _, o := range set.steps {
		switch o.(type) {
		case remark, *setVar:
			continue
		}
		if first == nil {
			first = o
		}
		last = o
	}
	if _, ok := s.(*connect); ok && first != nil {
		if _, ok := first.(*connect); !ok {
			return w.fail("first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset.")
		}
	}
	if !http || last == nil {
		return nil
	}
	missing := ""
	switch s.(type) {
	case *connect:
		if _, ok := last.(*httpExpect); !ok {
			missing = "expect"
		}
	case *request:
		if _, ok := last.(*connect); !ok {
			missing = "connect"
		}
	case *httpExpect:
		if _, ok := last.(*connect); ok {
			missing = "send"
		}
	}
	if missing == "" {
		return nil
	}
	return w.fail("unable to add %s rule at step %d (missing %s rule)..", w.rule, len(set.steps)+1, missing)
}
