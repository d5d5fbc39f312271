// The exports: argument checks, state per environment, and the turn from a Status into a JS value or error.
// Nothing here throws C++ exceptions, and no pointer into JS memory outlives a call.
//
// Any call of N-API may fail because its thread is being terminated. Functions then return null, with the
// exception that ends the thread pending.
#include <node_api.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "argument.h"
#include "find.h"
#include "scan.h"
#include "slab.h"
#include "system.h"

namespace airs {
namespace {

// Electron's V8 sandbox refuses memory from outside with this status.
constexpr auto kNoExternalBuffers = static_cast<napi_status>(22);

// Most bytes that signed offsets of 32 bits can address.
constexpr int64_t kMostBytes = INT32_MAX;

struct Environment {
  Scanner scanner;
  SlabCache::Owner slabs;
  bool external_buffers = false;
  // The constructor ArrayBuffer, which unlike N-API's function survives running out of memory.
  napi_ref array_buffer = nullptr;
};

bool CheckControl(napi_env env, const Control& control, size_t length) noexcept {
  const bool ordered = 0 <= control.start && control.start <= control.search && control.search <= control.end;
  if (AIRS_LIKELY(ordered && static_cast<size_t>(control.end) <= length && control.max_message >= 1 && control.max_batch >= 1)) {
    return true;
  }
  if (ordered && static_cast<size_t>(control.end) <= length) {
    ThrowRange(env, control.max_message < 1 ? "table: MAX_MESSAGE must be at least 1" : "table: MAX_BATCH must be at least 1");
    return false;
  }
  char message[160];
  (void)std::snprintf(message, sizeof message, "table: 0 <= %d <= %d <= %d <= %zu must hold for START, SEARCH, END and the bytes",
                control.start, control.search, control.end, length);
  ThrowRange(env, message);
  return false;
}

bool Overlap(const View& bytes, const View& ints) noexcept {
  const auto bytes_begin = reinterpret_cast<uintptr_t>(bytes.data);
  const auto ints_begin = reinterpret_cast<uintptr_t>(ints.data);
  return bytes_begin < ints_begin + ints.length * sizeof(int32_t) && ints_begin < bytes_begin + bytes.length;
}

// scan(bytes, table): the hot path, called once per chunk received.
napi_value ScanCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 2;
  napi_value arguments[2];
  void* data;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  View bytes;
  View table;
  if (!ReadBytes(env, arguments[0], bytes)) return nullptr;
  if (!ReadInts(env, arguments[1], "table", size_t{2} * kRecordInts, table)) return nullptr;
  // Records written over the text would be read as text, at offsets that were found in what it was before.
  if (AIRS_UNLIKELY(Overlap(bytes, table))) return ThrowType(env, "table: must not lie in the memory of bytes");
  const auto ints = static_cast<int32_t*>(table.data);
  if (!CheckControl(env, *reinterpret_cast<const Control*>(ints), bytes.length)) return nullptr;

  const auto room = static_cast<uint32_t>(table.length / kRecordInts - 1);
  auto& scanner = static_cast<Environment*>(data)->scanner;
  if (scanner.Scan(static_cast<Bytes>(bytes.data), ints, room) != Status::kOk) return ThrowMemory(env);
  napi_value result = nullptr;
  napi_create_int32(env, ints[0], &result);
  return result;
}

// find(bytes, start, end, pointer, range)
napi_value FindCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 5;
  napi_value arguments[5];
  void* data;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  View bytes;
  View range;
  int64_t start;
  int64_t end;
  Pointer pointer;
  if (!ReadBytes(env, arguments[0], bytes)) return nullptr;
  const int64_t most = bytes.length < static_cast<size_t>(kMostBytes) ? static_cast<int64_t>(bytes.length) : kMostBytes;
  if (!ReadInteger(env, arguments[1], "start", 0, most, start)) return nullptr;
  if (!ReadInteger(env, arguments[2], "end", start, most, end)) return nullptr;
  if (!ReadPointer(env, arguments[3], pointer)) return nullptr;
  if (!ReadInts(env, arguments[4], "range", 2, range)) return nullptr;

  auto& scanner = static_cast<Environment*>(data)->scanner;
  bool is_found;
  int32_t found[2];
  const Bytes text = static_cast<Bytes>(bytes.data) + start;
  const Status status =
      Find(scanner.stream(), scanner.nesting(), text, static_cast<size_t>(end - start), pointer, is_found, found);
  if (status != Status::kOk) return ThrowMemory(env);
  if (is_found) {
    const auto ints = static_cast<int32_t*>(range.data);
    ints[0] = found[0] + static_cast<int32_t>(start);
    ints[1] = found[1] + static_cast<int32_t>(start);
  }
  napi_value result = nullptr;
  napi_get_boolean(env, is_found, &result);
  return result;
}

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
