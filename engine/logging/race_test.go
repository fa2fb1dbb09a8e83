//go:build race

package logging

// Pools drop their contents at random under the race detector.
func init() { raced = true }
