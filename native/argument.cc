#include "argument.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <new>

namespace airs {
namespace {

// Whether the memory of the typed array `value`, which is empty, was taken away.
bool IsDetached(napi_env env, napi_value value) noexcept {
  napi_value buffer;
  bool is_detached = false;
  if (napi_get_typedarray_info(env, value, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok) return true;
  return napi_is_detached_arraybuffer(env, buffer, &is_detached) == napi_ok && is_detached;
}

enum class Checked { kOk, kWrongType, kDetached };

// Reads a typed array, over shared memory too: the ArrayBuffer behind it is asked for in the rare case only.
Checked Read(napi_env env, napi_value value, napi_typedarray_type expected, View& view) noexcept {
  napi_typedarray_type type;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &view.length, &view.data, nullptr, nullptr);
  if (status != napi_ok || type != expected) return Checked::kWrongType;
  if (AIRS_UNLIKELY(view.length == 0) && IsDetached(env, value)) return Checked::kDetached;
  return Checked::kOk;
}

}  // namespace

napi_value ThrowType(napi_env env, const char* message) noexcept {
  napi_throw_type_error(env, "AIRS_MCP_INVALID_ARGUMENT", message);
  return nullptr;
}

napi_value ThrowRange(napi_env env, const char* message) noexcept {
  napi_throw_range_error(env, "AIRS_MCP_OUT_OF_RANGE", message);
  return nullptr;
}

napi_value ThrowMemory(napi_env env) noexcept {
  napi_throw_error(env, "AIRS_MCP_OUT_OF_MEMORY", "the system has no memory left for this call");
  return nullptr;
}

bool ReadBytes(napi_env env, napi_value value, const char* name, View& view) noexcept {
  const Checked checked = Read(env, value, napi_uint8_array, view);
  if (AIRS_LIKELY(checked == Checked::kOk)) return true;
  char message[96];
  const char* rule = checked == Checked::kDetached ? "must not be detached" : "must be a Uint8Array";
  (void)std::snprintf(message, sizeof message, "%s: %s", name, rule);
  ThrowType(env, message);
  return false;
}

bool ReadInts(napi_env env, napi_value value, const char* name, size_t least, View& view) noexcept {
  char message[96];
  const Checked checked = Read(env, value, napi_int32_array, view);
  if (checked != Checked::kOk) {
    const char* rule = checked == Checked::kDetached ? "must not be detached" : "must be an Int32Array";
    (void)std::snprintf(message, sizeof message, "%s: %s", name, rule);
    ThrowType(env, message);
    return false;
  }
  if (AIRS_LIKELY(view.length >= least)) return true;
  (void)std::snprintf(message, sizeof message, "%s: must have at least %zu ints, has %zu", name, least, view.length);
  ThrowRange(env, message);
  return false;
}

bool ReadInteger(napi_env env, napi_value value, const char* name, int64_t least, int64_t most, int64_t& result) noexcept {
  char message[128];
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    (void)std::snprintf(message, sizeof message, "%s: must be a number", name);
    ThrowType(env, message);
    return false;
  }
  if (number >= static_cast<double>(least) && number <= static_cast<double>(most) && std::trunc(number) == number) {
    result = static_cast<int64_t>(number);
    return true;
  }
  (void)std::snprintf(message, sizeof message, "%s: must be an integer from %lld to %lld, is %g", name,
                static_cast<long long>(least), static_cast<long long>(most), number);
  ThrowRange(env, message);
  return false;
}

bool ReadPointer(napi_env env, napi_value value, Pointer& pointer) noexcept {
  constexpr size_t kInlineUnits = 128;
  char16_t inline_units[kInlineUnits];
  std::unique_ptr<char16_t[]> more_units;
  char16_t* units = inline_units;
  size_t length;
  if (napi_get_value_string_utf16(env, value, nullptr, 0, &length) != napi_ok) {
    ThrowType(env, "pointer: must be a string");
    return false;
  }
  // N-API writes a terminating zero.
  if (length >= kInlineUnits) {
    more_units.reset(new (std::nothrow) char16_t[length + 1]);
    units = more_units.get();
  }
  PointerError error = PointerError::kNone;
  if (units == nullptr || napi_get_value_string_utf16(env, value, units, length + 1, &length) != napi_ok ||
      pointer.Parse(units, length, error) != Status::kOk) {
    ThrowMemory(env);
    return false;
  }
  if (error == PointerError::kNoSlash) ThrowType(env, "pointer: must be empty or start with /");
  if (error == PointerError::kBadTilde) ThrowType(env, "pointer: a ~ must be followed by 0 or 1");
  return error == PointerError::kNone;
}

}  // namespace airs
