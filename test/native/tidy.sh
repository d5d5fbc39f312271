#!/usr/bin/env bash
# Checks the native code with clang-tidy, by the rules in .clang-tidy. Needs a build of the addon by node-gyp, whose headers of
# Node.js it uses.
set -euo pipefail
source "$(dirname "$0")/build.sh"
headers=$(sed -n 's|^[[:space:]]*-I\(.*/include/node\).*|\1|p' "$root/build/airs_mcp.target.mk" | head -n 1)
flags+=(-DNAPI_VERSION=8 -isystem "$headers")
clang-tidy --quiet "$root"/native/*.cc -- "${flags[@]}"
echo "clang-tidy: $(find "$root/native" -name '*.cc' | wc -l) files clean"
