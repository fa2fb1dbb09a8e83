#!/usr/bin/env bash
# raw.sh ADDR PORT BYTES: sends BYTES (with printf's escapes) and prints what comes back until the peer closes; for stories that
# care for exact bytes. Status 124: the peer still had the connection open after five seconds.
exec 3<>"/dev/tcp/$1/$2" || exit 3
printf '%b' "$3" >&3
timeout "${4:-5}" cat <&3
