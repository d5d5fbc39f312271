#!/usr/bin/env bash
# Builds the fuzz target under the address and undefined behaviour sanitizers.
# Usage: build.sh <folder>. Needs clang++ with its libFuzzer (Debian: clang, libclang-rt-*-dev).
set -euo pipefail
export CXX=${CXX:-clang++}
source "$(dirname "$0")/../build.sh"
flags+=(-O2 -fsanitize=address,undefined -fno-sanitize-recover=all)
coverage=(-fsanitize=fuzzer-no-link)
mkdir -p "$1"
compile_units "$1" "${coverage[@]}"
"$compiler" "${flags[@]}" "${strict[@]}" -c "$root/test/native/fuzz/scan.cc" -o "$1/target.o"
"$compiler" "${flags[@]}" -fsanitize=fuzzer "$1"/*.o -o "$1/fuzz"
