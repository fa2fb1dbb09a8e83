// Package sticktable keeps stick tables: what is known of clients by a key. It
// owns the tables (sharded, one lock a shard, oldest entries first to go), the
// rules that track entries and stick streams to servers, the fetches and
// converters that read them, and the runtime commands.
//
// An entry's counters are atomic; its place in the table is its shard's. A tracked
// entry (refs > 0) never leaves its table. Tables of the same name and layout are
// found again on reload. Entries are not sent to peers.
package sticktable
