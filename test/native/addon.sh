#!/usr/bin/env bash
# Builds the addon under the address and undefined behaviour sanitizers and runs a command with it inside Node.js.
# Usage: addon.sh COMMAND...        for instance: addon.sh npx vitest run --project native test/backend
# Needs g++ on Linux, and a build of the addon by node-gyp, whose headers of Node.js it uses.
set -euo pipefail
source "$(dirname "$0")/build.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

headers=$(sed -n 's|^[[:space:]]*-I\(.*/include/node\).*|\1|p' "$root/build/airs_mcp.target.mk" | head -n 1)
flags+=(-O1 -fPIC -fvisibility=hidden -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION
  -isystem "$headers" -fsanitize=address,undefined -fno-sanitize-recover=all)
units+=(argument text_calls addon)
compile_units "$out"
mkdir -p "$out/build/Release"
"$compiler" "${flags[@]}" -shared "$out"/*.o -o "$out/build/Release/airs_mcp.node"

# Everything takes some times as long.
export AIRS_MCP_TEST_LIMIT=${AIRS_MCP_TEST_LIMIT:-120000}
# node-gyp-build looks there first. V8 handles some faults itself, tests run out of memory on purpose, and leaks are
# looked for by leaks.sh.
export AIRS_MCP_PREBUILD=$out AIRS_MCP_BACKEND=native
export LD_PRELOAD="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:allow_user_segv_handler=1:allocator_may_return_null=1} UBSAN_OPTIONS=print_stacktrace=1
"$@"
