#!/usr/bin/env bash
# Compiles the scanner, simdjson and test programs for the machine at hand. Sourced by the scripts beside it.
#   compiler   the C++ compiler, g++ unless CXX says otherwise
#   flags      for everything; callers add to them
#   strict     warnings, all of them errors, for our own code
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
simdjson=$root/node_modules/@nozbe/simdjson/src
compiler=${CXX:-g++}
flags=(-std=c++20 -g -fno-exceptions -fno-rtti -fno-omit-frame-pointer -DSIMDJSON_EXCEPTIONS=0
  -I "$root/native" -isystem "$simdjson")
strict=(-Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror)
# What knows nothing of Node.js.
units=(container_end escape long_strings plain_text structure tokens value envelope scan pointer find slab system)

# compile_units FOLDER [FLAG...]: makes the objects of all units, with the flags for ours alone, and of simdjson.
compile_units() {
  local out=$1 unit library
  shift
  "$compiler" "${flags[@]}" -w -c "$simdjson/simdjson.cpp" -o "$out/simdjson.o" &
  library=$!
  for unit in "${units[@]}"; do
    "$compiler" "${flags[@]}" "${strict[@]}" "$@" -c "$root/native/$unit.cc" -o "$out/$unit.o"
  done
  wait "$library"
}
