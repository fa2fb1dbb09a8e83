package command

import (
	"net/netip"
	"strconv"
	"strings"

	"hawser/engine"
)

// setAddr changes where the server is; it says what changed.
func setAddr(srv *engine.Server, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> addr requires an address and optionally a port.\n")
	}
	ip, err := netip.ParseAddr(strings.Trim(args[0], "[]"))
	if err != nil {
		return engine.Refuse("Invalid addr '" + args[0] + "'\n")
	}
	was := srv.State.Address(srv)
	if was.Path != "" {
		return engine.Refuse("Update for the current server address family is only supported through configuration file.\n")
	}
	is := was
	is.IP, is.Path, is.Dst = ip, "", false
	if len(args) > 1 && args[1] == "port" {
		if err := readPort(&is, first(args[2:])); err != nil {
			return err
		}
	}
	said := changes(&was, &is)
	if said == "" {
		return engine.Refuse("nothing changed\n")
	}
	st := srv.State
	st.Mu.Lock()
	st.Addr = &is
	st.Mu.Unlock()
	if engine.AddressChanged != nil {
		engine.AddressChanged(srv)
	}
	return &engine.CLIError{Severity: 4, Text: said + " by 'stats socket command'\n"}
}

// readPort reads a port, or with a sign what is added to the client's. As in
// HAProxy, of a number that is too large the last 16 bits count.
func readPort(a *engine.ServerAddr, s string) error {
	n, rest, ok := number(s)
	if !ok || rest != "" {
		return engine.Refuse("problem converting port '" + s + "' to an int\n")
	}
	a.Port, a.MapPort = int(uint16(n)), s[0] == '+' || s[0] == '-'
	return nil
}

func portText(a *engine.ServerAddr) string {
	if a.MapPort {
		return "+" + strconv.Itoa(int(uint16(a.Port)))
	}
	return strconv.Itoa(a.Port)
}

// changes says how an address differs.
func changes(was, is *engine.ServerAddr) string {
	var said []string
	if from := addrText(was); from != is.IP.String() {
		said = append(said, "IP changed from '"+from+"' to '"+is.IP.String()+"'")
	}
	if portText(was) != portText(is) {
		said = append(said, "port changed from '"+portText(was)+"' to '"+portText(is)+"'")
	}
	return strings.Join(said, ", ")
}

func addrText(a *engine.ServerAddr) string {
	switch {
	case a.IP.IsValid():
		return a.IP.String()
	case a.Dst:
		return "0.0.0.0"
	}
	return "-"
}
