#!/bin/sh
# Runs a command of this clone in Alpine's image of Node.js, which has musl for its C library, with a compiler.
# Usage: alpine.sh NODE COMMAND...        for instance: alpine.sh 24 npm test
# Actions written in JavaScript don't run in Alpine on arm64, so the workflows start the container themselves. Needs docker.
set -eu
node=$1
shift
exec docker run --rm --env CI=true --env AIRS_MCP_BACKEND --volume "$PWD:/package" --workdir /package "node:$node-alpine" \
  sh -c 'apk add --no-cache --quiet bash g++ git make python3 && exec "$@"' sh "$@"
