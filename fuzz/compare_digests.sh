#!/bin/sh
# compare_digests.sh REPLAY... -- INPUTS...: every replay program computes the same digest for every input, and those that compute the
# second one the same of that. Says how many inputs cannot be compared.
set -eu
programs=
while [ "$1" != -- ]; do
    programs="$programs $1"
    shift
done
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# same PROGRAM WHAT: what is in $work/now is what the first program had.
same() {
    [ -e "$work/first-$2" ] || cp "$work/now" "$work/first-$2"
    if ! diff "$work/first-$2" "$work/now"; then
        echo "$1 disagrees about the $2 with the first of:$programs" >&2
        exit 1
    fi
}

for program in $programs; do
    "$program" --digest "$@" >"$work/all"
    cut -d ' ' -f 1,3- "$work/all" >"$work/now"
    same "$program" result
    grep -v '^[^ ]* - ' "$work/all" >"$work/now" || continue # it computes no second one
    same "$program" 'rest'
done
echo "$(grep -cv '^-' "$work/first-result") inputs compared, $(grep -c '^-' "$work/first-result" || true) left out" >&2
grep -qv '^-' "$work/first-result" # without one digest nothing was compared
