#!/usr/bin/env bash
# Links the objects of the last build once more, against no_external.cc. GNU linkers only.
# Usage: no_external.sh <addon to write>
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
mapfile -t objects < <(find "$root/build/Release/obj.target/airs_mcp" -name '*.o')
"${CXX:-g++}" -shared -fPIC -Wl,--wrap=napi_create_external_arraybuffer -o "$1" "$root/test/native/no_external.cc" "${objects[@]}"
