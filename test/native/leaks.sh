#!/usr/bin/env bash
# Looks for memory of the addon that nobody frees: it is loaded in threads that end, slabs are held and dropped, and
# errors are thrown, all under valgrind. What V8 itself leaves at exit doesn't count: a leak is one whose stack goes
# through the addon. Needs valgrind and a built addon.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
valgrind --leak-check=full --show-leak-kinds=definite,indirect --num-callers=30 --smc-check=all-non-file --log-file="$log" \
  node --jitless --expose-gc --single-threaded "$root/test/native/leaks.mjs"
records=$(awk -v RS='\n==[0-9]+== \n' '/airs_mcp/ && /definitely lost|indirectly lost|Invalid (read|write|free)|uninitialised/' "$log")
if [ -n "$records" ]; then
  printf '%s\n' "$records" >&2
  exit 1
fi
grep -q 'LEAK SUMMARY\|no leaks are possible' "$log" || { tail -n 20 "$log" >&2; exit 1; }
echo "no leak and no memory error of the addon"
