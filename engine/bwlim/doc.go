// Package bwlim is bandwidth limitation (configuration manual, section 9.7): the
// filters bwlim-in and bwlim-out, and the action set-bandwidth-limit that turns
// them on for a stream. A filter holds back what is read of a body, or of raw
// data, until its rate allows more; it copies nothing. Rates of one stream are
// kept here, shared ones in stick tables (engine.FindRates).
package bwlim
