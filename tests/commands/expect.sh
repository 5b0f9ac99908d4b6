# Sourced by the command-line tests: runs a command, and holds its exit code and output against what is expected.
# shellcheck shell=bash

failures=0
passes=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect CODE 'text in the output' COMMAND ARGUMENT…
expect() {
    local code=$1 text=$2 found=0
    shift 2
    "$@" >"$work/output" 2>&1 </dev/null || found=$?
    if [ "$found" -ne "$code" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$work/output"; }; then
        printf 'FAILED: %s\n  expected exit %s and "%s"; exit %s and:\n' "$*" "$code" "$text" "$found"
        sed 's/^/  | /' "$work/output" | head -n 20
        failures=$((failures + 1))
    else
        passes=$((passes + 1))
    fi
}

# check 'what' COMMAND ARGUMENT…: the command succeeds.
check() {
    local what=$1
    shift
    if "$@"; then
        passes=$((passes + 1))
    else
        echo "FAILED: $what"
        failures=$((failures + 1))
    fi
}

# number FILE KEY: the first value of a key in JSON as the programs print it, one key to a line.
number() {
    sed -n "s/^ *\"$2\": \\(.*[^,]\\),\\{0,1\\}\$/\\1/p" "$1" | head -n 1
}

# numbers FILE KEY: the elements of an array of whole numbers, on one line.
numbers() {
    sed -n "/^ *\"$2\": \\[/,/\\]/p" "$1" | grep -oE '[0-9]+' | paste -sd ' ' -
}

# The last command of a test.
conclude() {
    echo "$passes passed, $failures failed"
    [ "$failures" -eq 0 ] && [ "$passes" -gt 0 ]
}
