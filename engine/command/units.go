package command

import (
	"errors"
	"time"

	"hawser/parser/unit"
)

var errTime = errors.New("not a time")

// duration reads a positive time whose default unit is def.
func duration(s string, def time.Duration) (time.Duration, error) {
	d, err := unit.Time(s, def)
	if err != nil || d <= 0 {
		return 0, errTime
	}
	return d, nil
}
