#!/usr/bin/env bash
# status.sh ADDR PORT <TABLE: each line "STATUS REQUEST", REQUEST with printf's escapes, is sent on a connection of its own, whose
# answer must have that status ("-": the connection ends without an answer). Prints each line that differs.
differ=0
while IFS=$' \t' read -r want request; do
	[ -n "$want" ] || continue
	got=$("${0%/*}/raw.sh" "$1" "$2" "$request" | head -n 1 | tr -d '\0\r' | cut -d ' ' -f 2)
	[ "${got:--}" = "$want" ] || { echo "want $want, got ${got:--}: $request"; differ=1; }
done
exit $differ
