#!/bin/bash -eu
# Builds every fuzz target into $OUT, under the contract that ClusterFuzzLite and OSS-Fuzz share: the compilers are $CC and $CXX, the
# flags $CFLAGS and $CXXFLAGS (which choose the sanitizer), the engine is $LIB_FUZZING_ENGINE. No flag of our own is added.
# fuzz/check_clusterfuzzlite emulates the contract without docker.

build=$WORK/build
cmake -S "$SRC/reclaim" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DRECLAIM_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzz/all

while IFS=$'\t' read -ra fields; do
    target=${fields[0]} bytes_max=${fields[2]}
    seeds=$WORK/seeds/$target
    mkdir -p "$seeds"
    for corpus in "${fields[@]:3}"; do
        cp "$corpus"/* "$seeds/"
    done
    cp "$build/fuzz/$target" "$OUT/"
    (cd "$seeds" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip -- *)
    printf '[libfuzzer]\nmax_len = %s\n' "$bytes_max" >"$OUT/$target.options"
done <"$build/fuzz/targets"
