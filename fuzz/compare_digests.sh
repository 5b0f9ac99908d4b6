#!/bin/sh
# compare_digests.sh REPLAY... -- INPUTS...: every replay program computes the same digest for every input.
set -eu
programs=
while [ "$1" != -- ]; do
    programs="$programs $1"
    shift
done
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in $programs; do
    "$program" --digest "$@" >"$work/now"
    [ -e "$work/first" ] || cp "$work/now" "$work/first"
    if ! diff "$work/first" "$work/now"; then
        echo "$program disagrees with the first of:$programs" >&2
        exit 1
    fi
done
[ -s "$work/first" ] # without one digest nothing was compared
