package stats

import (
	"strconv"
	"strings"

	"hawser/engine"

	"github.com/valyala/fasthttp"
)

// actions are what the page's form offers; the order is that of its menu.
var actions = []struct{ name, label string }{
	{"ready", "Set state to READY"}, {"drain", "Set state to DRAIN"}, {"maint", "Set state to MAINT"},
	{"dhlth", "Health: disable checks"}, {"ehlth", "Health: enable checks"}, {"hrunn", "Health: force UP"},
	{"hnolb", "Health: force NOLB"}, {"hdown", "Health: force DOWN"},
	{"dagent", "Agent: disable checks"}, {"eagent", "Agent: enable checks"}, {"arunn", "Agent: force UP"}, {"adown", "Agent: force DOWN"},
	{"shutdown", "Kill Sessions"},
}

// post carries out a form and returns the code that the page shows next.
func (r *request) post(ctx *fasthttp.RequestCtx) string {
	if !r.admin {
		return "DENY"
	}
	form := ctx.PostArgs()
	action, be := string(form.Peek("action")), string(form.Peek("b"))
	var px *engine.Proxy
	if id, ok := strings.CutPrefix(be, "#"); ok {
		n, _ := strconv.Atoi(id)
		for _, p := range r.s.Sess.RT.All() {
			if p.ID == n && p.Side&engine.Back != 0 {
				px = p
			}
		}
	} else {
		px = r.s.Sess.RT.Backend(be)
	}
	if px == nil || !known(action) {
		return "ERRP"
	}
	done, failed := 0, 0
	for _, name := range form.PeekMulti("s") {
		srv := px.Server(string(name))
		if srv != nil && engine.ServerAction != nil && engine.ServerAction(srv, action) {
			done++
		} else {
			failed++
		}
	}
	switch {
	case done == 0 && failed == 0:
		return "NONE"
	case done == 0:
		return "ERRP"
	case failed > 0:
		return "PART"
	}
	return "DONE"
}

func known(action string) bool {
	for _, a := range actions {
		if a.name == action {
			return true
		}
	}
	return false
}

// messages explain the codes.
var messages = map[string]struct{ class, text string }{
	"DONE": {"active_up", "Action processed successfully."},
	"NONE": {"active_going_down", "Nothing has changed."},
	"PART": {"active_going_down", "Action partially processed. Some server names are probably unknown or ambiguous (duplicated names in the backend)."},
	"ERRP": {"active_down", "Action not processed because of invalid parameters. The action is maybe unknown, invalid parameter(s) given or the backend is ambiguous."},
	"EXCD": {"active_down", "Action not processed : the buffer couldn't store all the data."},
	"DENY": {"active_down", "Action denied."},
	"IVAL": {"active_down", "Invalid request."},
}
