// Package conv is the converters that belong to no larger feature: strings,
// numbers, bytes, encodings, dates, hashes, addresses and structured contents. A
// converter takes one sample and gives another; results that are not a part of
// their input are written to the evaluation's scratch bytes.
package conv
