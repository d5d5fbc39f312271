// Reading arguments from JS. Each reader returns false with an exception pending where the argument is wrong: a
// TypeError for its type, a RangeError for its value, both with their code of src/base/errors.ts.
#pragma once

#include <node_api.h>

#include "pointer.h"

namespace airs {

// The memory of a typed array; valid until the call returns to JS.
struct View {
  void* data = nullptr;
  size_t length = 0;
};

// Reads a Uint8Array, over shared memory too; `name` is the argument's, here and below.
[[nodiscard]] bool ReadBytes(napi_env env, napi_value value, const char* name, View& view) noexcept;

// Reads an Int32Array of at least `least` ints.
[[nodiscard]] bool ReadInts(napi_env env, napi_value value, const char* name, size_t least, View& view) noexcept;

// Reads an integer from `least` to `most`.
[[nodiscard]] bool ReadInteger(napi_env env, napi_value value, const char* name, int64_t least, int64_t most,
                               int64_t& result) noexcept;

// Reads and parses a JSON pointer.
[[nodiscard]] bool ReadPointer(napi_env env, napi_value value, Pointer& pointer) noexcept;

// These leave an exception pending and return null, for the caller to return.
napi_value ThrowType(napi_env env, const char* message) noexcept;
napi_value ThrowRange(napi_env env, const char* message) noexcept;
napi_value ThrowMemory(napi_env env) noexcept;

}  // namespace airs
