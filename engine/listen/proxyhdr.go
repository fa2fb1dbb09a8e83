package listen

import (
	"errors"

	"hawser/engine"
)

// readProxy reads the PROXY or NetScaler CIP header that the bind line asks for
// and takes its addresses over.
func readProxy(sess *engine.Session) error {
	return errors.New("not implemented")
}
