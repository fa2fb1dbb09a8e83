package daemon

// The features register their names when they are linked in.
import (
	_ "hawser/engine/balance"
	_ "hawser/engine/dial"
	_ "hawser/engine/h1"
	_ "hawser/engine/keyword"
)
