// The exports: those about memory and the system are here, those that read text in text_calls.cc.
#include <node_api.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "argument.h"
#include "environment.h"
#include "system.h"
#include "text_calls.h"

namespace airs {
namespace {

// Electron's V8 sandbox refuses memory from outside with this status.
constexpr auto kNoExternalBuffers = static_cast<napi_status>(22);

// Runs on the JS thread once the last view of a slab is collected, or when the environment is torn down.
void FreeSlab(napi_env, void*, void* handle) noexcept { const Slab slab = Slab::Adopt(handle); }

// Exposes `slab`, which it consumes, as an ArrayBuffer of `bytes` bytes.
napi_status Expose(napi_env env, Slab slab, size_t bytes, napi_value& result) noexcept {
  void* data = slab.data();
  void* handle = slab.Release();
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, FreeSlab, handle, &result);
  // These two come before the runtime takes the memory over; on any other failure it calls FreeSlab itself.
  if (status == kNoExternalBuffers || status == napi_pending_exception) FreeSlab(env, data, handle);
  return status;
}

// Clears what a failed call left pending, if it can be cleared, and says that memory ran out instead.
napi_value ThrowMemoryInstead(napi_env env) noexcept {
  bool is_pending = false;
  napi_value ignored;
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending) napi_get_and_clear_last_exception(env, &ignored);
  return ThrowMemory(env);
}

napi_value AllocatePlain(napi_env env, const Environment& environment, int64_t bytes) noexcept {
  napi_value constructor;
  napi_value size;
  napi_value result;
  if (napi_get_reference_value(env, environment.array_buffer, &constructor) != napi_ok ||
      napi_create_int64(env, bytes, &size) != napi_ok || napi_new_instance(env, constructor, 1, &size, &result) != napi_ok) {
    return ThrowMemoryInstead(env);
  }
  return result;
}

// allocate(bytes)
napi_value AllocateCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 1;
  napi_value argument;
  void* data;
  int64_t bytes;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, &data) != napi_ok) return nullptr;
  if (!ReadInteger(env, argument, "bytes", 1, kMostBytes, bytes)) return nullptr;
  const auto& environment = *static_cast<Environment*>(data);
  if (!environment.external_buffers) return AllocatePlain(env, environment, bytes);
  Slab slab = Slab::Allocate(*environment.slabs, static_cast<size_t>(bytes));
  if (slab.data() == nullptr) return ThrowMemory(env);
  napi_value result;
  const napi_status status = Expose(env, std::move(slab), static_cast<size_t>(bytes), result);
  return status == napi_ok ? result : ThrowMemoryInstead(env);
}

// setPipeCapacity(fd, bytes)
napi_value SetPipeCapacityCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 2;
  napi_value arguments[2];
  int64_t fd;
  int64_t bytes;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok) return nullptr;
  if (!ReadInteger(env, arguments[0], "fd", 0, INT32_MAX, fd)) return nullptr;
  if (!ReadInteger(env, arguments[1], "bytes", 1, INT32_MAX, bytes)) return nullptr;
  napi_value result = nullptr;
  napi_create_int32(env, SetPipeCapacity(static_cast<int32_t>(fd), static_cast<int32_t>(bytes)), &result);
  return result;
}

// socketPair()
napi_value SocketPairCall(napi_env env, napi_callback_info) noexcept {
  int32_t fds[2];
  napi_value result = nullptr;
  if (!SocketPair(fds)) {
    napi_get_null(env, &result);
    return result;
  }
  napi_value ends[2];
  if (napi_create_array_with_length(env, 2, &result) == napi_ok && napi_create_int32(env, fds[0], &ends[0]) == napi_ok &&
      napi_create_int32(env, fds[1], &ends[1]) == napi_ok && napi_set_element(env, result, 0, ends[0]) == napi_ok &&
      napi_set_element(env, result, 1, ends[1]) == napi_ok) {
    return result;
  }
  // Nobody else knows of them.
  CloseSocketPair(fds);
  return nullptr;
}

// leadGroups(on)
napi_value LeadGroupsCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 1;
  napi_value argument;
  bool on = false;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_bool(env, argument, &on) != napi_ok) {
    napi_throw_type_error(env, nullptr, "on must be a boolean");
    return nullptr;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, LeadGroups(on), &result);
  return result;
}

// Whether this runtime takes memory from outside V8, found by trying.
bool TakesExternalBuffers(napi_env env, SlabCache& slabs) noexcept {
  Slab slab = Slab::Allocate(slabs, 1);
  napi_value ignored;
  return slab.data() != nullptr && Expose(env, std::move(slab), 1, ignored) != kNoExternalBuffers;
}

bool KeepArrayBuffer(napi_env env, Environment& environment) noexcept {
  napi_value global;
  napi_value constructor;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, "ArrayBuffer", &constructor) == napi_ok &&
         napi_create_reference(env, constructor, 1, &environment.array_buffer) == napi_ok;
}

bool Export(napi_env env, napi_value exports, Environment& environment) noexcept {
  napi_value kernel;
  napi_value version;
  napi_value external_buffers;
  if (napi_create_string_latin1(env, KernelName(), NAPI_AUTO_LENGTH, &kernel) != napi_ok ||
      napi_create_int32(env, kRecordVersion, &version) != napi_ok ||
      napi_get_boolean(env, environment.external_buffers, &external_buffers) != napi_ok) {
    return false;
  }
  const auto function = [&environment](const char* name, napi_callback call) noexcept {
    return napi_property_descriptor{name, nullptr, call, nullptr, nullptr, nullptr, napi_enumerable, &environment};
  };
  const auto constant = [](const char* name, napi_value value) noexcept {
    return napi_property_descriptor{name, nullptr, nullptr, nullptr, nullptr, value, napi_enumerable, nullptr};
  };
  const napi_property_descriptor properties[] = {
      function("scan", ScanCall),
      function("find", FindCall),
      function("findLongStrings", FindLongStringsCall),
      function("escape", EscapeCall),
      function("unescape", UnescapeCall),
      function("allocate", AllocateCall),
      function("setPipeCapacity", SetPipeCapacityCall),
      function("socketPair", SocketPairCall),
      function("leadGroups", LeadGroupsCall),
      constant("kernel", kernel),
      constant("recordVersion", version),
      constant("externalBuffers", external_buffers),
  };
  return napi_define_properties(env, exports, std::size(properties), properties) == napi_ok;
}

// Runs when the environment is torn down, after or before the last slabs are freed.
void EndEnvironment(napi_env env, void* data, void*) noexcept {
  const auto environment = static_cast<Environment*>(data);
  if (environment->array_buffer != nullptr) napi_delete_reference(env, environment->array_buffer);
  delete environment;
}

napi_value Init(napi_env env, napi_value exports) noexcept {
  const auto environment = new (std::nothrow) Environment();
  if (environment != nullptr) environment->slabs = SlabCache::New();
  if (environment == nullptr || !environment->slabs || napi_set_instance_data(env, environment, EndEnvironment, nullptr) != napi_ok) {
    delete environment;
    return ThrowMemory(env);
  }
  environment->external_buffers = TakesExternalBuffers(env, *environment->slabs);
  return KeepArrayBuffer(env, *environment) && Export(env, exports, *environment) ? exports : nullptr;
}

}  // namespace
}  // namespace airs

NAPI_MODULE_INIT() { return airs::Init(env, exports); }
