#!/usr/bin/env bash
# Runs driver.cc under the address and undefined behaviour sanitizers, once for each kernel that simdjson has
# for this machine. All kernels must print the same digest. Needs g++ or clang++ (variable CXX).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
compiler=${CXX:-g++}
simdjson=$root/node_modules/@nozbe/simdjson/src

flags=(-std=c++20 -O1 -g -fno-exceptions -fno-rtti -fno-omit-frame-pointer -Wall -Wextra -Werror
  -fsanitize=address,undefined -fno-sanitize-recover=all -DSIMDJSON_EXCEPTIONS=0
  -I "$root/native" -isystem "$simdjson")

"$compiler" "${flags[@]}" -w -c "$simdjson/simdjson.cpp" -o "$out/simdjson.o" &
library=$!
for source in escape structure tokens value envelope scan pointer find slab system; do
  "$compiler" "${flags[@]}" -c "$root/native/$source.cc" -o "$out/$source.o"
done
"$compiler" "${flags[@]}" -c "$root/test/native/driver.cc" -o "$out/driver.o"
wait "$library"
"$compiler" "${flags[@]}" "$out"/*.o -o "$out/driver"

digest=$("$out/driver")
echo "best kernel: $digest"
for kernel in fallback westmere haswell icelake arm64 ppc64; do
  status=0
  other=$(SIMDJSON_FORCE_IMPLEMENTATION=$kernel "$out/driver" "$kernel") || status=$?
  if [ "$status" = 2 ]; then continue; fi
  echo "$kernel: $other"
  [ "$status" = 0 ] && [ "$other" = "$digest" ] || { echo "the kernel $kernel differs" >&2; exit 1; }
done
