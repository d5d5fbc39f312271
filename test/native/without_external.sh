#!/usr/bin/env bash
# Runs a command with an addon that is refused external buffers, as Electron refuses them (no_external.cc).
# Usage: without_external.sh COMMAND...        for instance: without_external.sh npx vitest run --project native test/buffer
set -euo pipefail
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir -p "$out/build/Release"
bash "$(dirname "$0")/no_external.sh" "$out/build/Release/airs_mcp.node"
# node-gyp-build looks there first; the other tells tests which runtime they stand in.
export AIRS_MCP_PREBUILD=$out AIRS_MCP_BACKEND=native AIRS_MCP_TEST_EXTERNAL=refused
"$@"
