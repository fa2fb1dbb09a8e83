// Package page looks at the statistics page as its users do: in a browser, on
// Debian's HAProxy first and then on Hawser.
package page
