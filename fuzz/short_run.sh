#!/bin/sh
# short_run.sh FUZZER RUNS BYTES_MAX CORPUS...: a bounded run of a libFuzzer executable that keeps nothing but a find.
set -eu
fuzzer=$1 runs=$2 bytes_max=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$fuzzer" -runs="$runs" -max_len="$bytes_max" -seed=1 -verbosity=0 -print_funcs=0 -artifact_prefix="$(basename "$fuzzer")-" "$work" "$@"
