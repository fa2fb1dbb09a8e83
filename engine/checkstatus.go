package engine

// CheckStatus is an outcome that checks can have (management manual, "show stat",
// check_status; "show servers state", srv_check_status).
type CheckStatus struct {
	ID         int // in state files
	Name, Desc string
}

var checkStatuses = []CheckStatus{
	{0, "UNK", "Unknown"}, {1, "INI", "Initializing"}, {3, "CHECKED", "No status change"}, {4, "HANA", "Health analyze"}, {5, "SOCKERR", "Socket error"},
	{6, "L4OK", "Layer4 check passed"}, {7, "L4TOUT", "Layer4 timeout"}, {8, "L4CON", "Layer4 connection problem"},
	{9, "L6OK", "Layer6 check passed"}, {10, "L6TOUT", "Layer6 timeout"}, {11, "L6RSP", "Layer6 invalid response"},
	{12, "L7TOUT", "Layer7 timeout"}, {13, "L7RSP", "Layer7 invalid response"}, {15, "L7OK", "Layer7 check passed"},
	{16, "L7OKC", "Layer7 check conditionally passed"}, {17, "L7STS", "Layer7 wrong status"},
	{18, "PROCERR", "External check error"}, {19, "PROCTOUT", "External check timeout"}, {20, "PROCOK", "External check passed"},
}

// CheckStatusOf returns the status of a name; none is that of a check without an
// outcome yet.
func CheckStatusOf(name string) CheckStatus {
	for _, s := range checkStatuses {
		if s.Name == name {
			return s
		}
	}
	return checkStatuses[1]
}

// CheckStatusByID returns the status of a number; false for those that no check
// ends with.
func CheckStatusByID(id int) (CheckStatus, bool) {
	for _, s := range checkStatuses {
		if s.ID == id && id > 1 {
			return s, true
		}
	}
	return CheckStatus{}, false
}
