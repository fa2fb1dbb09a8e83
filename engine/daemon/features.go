package daemon

// The features register their names when they are linked in.
import (
	_ "hawser/engine/action"
	_ "hawser/engine/auth"
	_ "hawser/engine/balance"
	_ "hawser/engine/bwlim"
	_ "hawser/engine/cache"
	_ "hawser/engine/check"
	_ "hawser/engine/command"
	_ "hawser/engine/compress"
	_ "hawser/engine/conv"
	_ "hawser/engine/dial"
	_ "hawser/engine/fetch"
	_ "hawser/engine/forwarded"
	_ "hawser/engine/h1"
	_ "hawser/engine/keyword"
	_ "hawser/engine/logging"
	_ "hawser/engine/outlier"
	_ "hawser/engine/pattern"
	_ "hawser/engine/persist"
	_ "hawser/engine/resolver"
	_ "hawser/engine/sticktable"
	_ "hawser/engine/tls"
	_ "hawser/engine/trace"
	_ "hawser/engine/vars"
	_ "hawser/stats"
)
