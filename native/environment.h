// What the addon keeps for each environment: a thread of Node.js, or whatever else loads it.
#pragma once

#include <node_api.h>

#include "scan.h"
#include "slab.h"

namespace airs {

// Most bytes that signed offsets of 32 bits can address.
inline constexpr int64_t kMostBytes = INT32_MAX;

struct Environment {
  Scanner scanner;
  SlabCache::Owner slabs;
  bool external_buffers = false;
  // The constructor ArrayBuffer, which unlike N-API's function survives running out of memory.
  napi_ref array_buffer = nullptr;
};

}  // namespace airs
