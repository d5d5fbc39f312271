#!/usr/bin/env bash
# Runs units.cc and driver.cc under the address, leak and undefined behaviour sanitizers; the driver once for each kernel
# that simdjson has for this machine. All kernels must print the same digest. Needs g++ or clang++ (variable CXX).
set -euo pipefail
source "$(dirname "$0")/build.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

flags+=(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all)
compile_units "$out"
for program in units driver; do
  "$compiler" "${flags[@]}" "${strict[@]}" -c "$root/test/native/$program.cc" -o "$out/$program.main"
  "$compiler" "${flags[@]}" "$out"/*.o -x none "$out/$program.main" -o "$out/$program"
done

"$out/units"
digest=$("$out/driver")
echo "best kernel: $digest"
for kernel in fallback westmere haswell icelake arm64 ppc64; do
  status=0
  other=$(SIMDJSON_FORCE_IMPLEMENTATION=$kernel "$out/driver" "$kernel") || status=$?
  if [ "$status" = 2 ]; then continue; fi
  echo "$kernel: $other"
  [ "$status" = 0 ] && [ "$other" = "$digest" ] || { echo "the kernel $kernel differs" >&2; exit 1; }
done
