#include "text_calls.h"

#include <algorithm>
#include <cstdio>

#include "argument.h"
#include "environment.h"
#include "find.h"
#include "long_strings.h"

namespace airs {
namespace {

constexpr size_t kLongStringInts = sizeof(LongString) / sizeof(int32_t);

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

// Whether the `length` bytes at `other`, where the argument `name` lies, share none with `bytes`; throws where they do:
// what is written there would be read as text.
bool CheckApart(napi_env env, const View& bytes, const void* other, size_t length, const char* name) noexcept {
  const auto bytes_begin = reinterpret_cast<uintptr_t>(bytes.data);
  const auto other_begin = reinterpret_cast<uintptr_t>(other);
  if (AIRS_LIKELY(bytes_begin >= other_begin + length || other_begin >= bytes_begin + bytes.length)) return true;
  char message[96];
  (void)std::snprintf(message, sizeof message, "%s: must not lie in the memory of bytes", name);
  ThrowType(env, message);
  return false;
}

// Reads a table of at least `least` ints to write into, apart from `bytes`.
bool ReadTable(napi_env env, napi_value value, const View& bytes, size_t least, View& table) noexcept {
  return ReadInts(env, value, "table", least, table) && CheckApart(env, bytes, table.data, table.length * sizeof(int32_t), "table");
}

// Part of an array of bytes.
struct Span {
  View bytes;
  int32_t start;
  Bytes begin;
  Bytes end;
};

// Reads the three arguments that name one: bytes, start, end.
bool ReadSpan(napi_env env, const napi_value* arguments, Span& span) noexcept {
  int64_t start;
  int64_t end;
  if (!ReadBytes(env, arguments[0], "bytes", span.bytes)) return false;
  const int64_t most = span.bytes.length < static_cast<size_t>(kMostBytes) ? static_cast<int64_t>(span.bytes.length) : kMostBytes;
  if (!ReadInteger(env, arguments[1], "start", 0, most, start)) return false;
  if (!ReadInteger(env, arguments[2], "end", start, most, end)) return false;
  span.start = static_cast<int32_t>(start);
  span.begin = static_cast<Bytes>(span.bytes.data) + start;
  span.end = static_cast<Bytes>(span.bytes.data) + end;
  return true;
}

// Reads bytes, start, end and out of escape() and unescape().
bool ReadSpanAndOut(napi_env env, napi_callback_info info, Span& span, View& out) noexcept {
  size_t count = 4;
  napi_value arguments[4];
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok) return false;
  return ReadSpan(env, arguments, span) && ReadBytes(env, arguments[3], "out", out) &&
         CheckApart(env, span.bytes, out.data, out.length, "out");
}

}  // namespace

// scan(bytes, table): the hot path, called once per chunk received.
napi_value ScanCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 2;
  napi_value arguments[2];
  void* data;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  View bytes;
  View table;
  if (!ReadBytes(env, arguments[0], "bytes", bytes)) return nullptr;
  if (!ReadTable(env, arguments[1], bytes, size_t{2} * kRecordInts, table)) return nullptr;
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
  Span span;
  View range;
  Pointer pointer;
  if (!ReadSpan(env, arguments, span)) return nullptr;
  if (!ReadPointer(env, arguments[3], pointer)) return nullptr;
  if (!ReadInts(env, arguments[4], "range", 2, range)) return nullptr;

  auto& scanner = static_cast<Environment*>(data)->scanner;
  bool is_found;
  int32_t found[2];
  const auto length = static_cast<size_t>(span.end - span.begin);
  const Status status = Find(scanner.stream(), scanner.nesting(), span.begin, length, pointer, is_found, found);
  if (status != Status::kOk) return ThrowMemory(env);
  if (is_found) {
    const auto ints = static_cast<int32_t*>(range.data);
    ints[0] = found[0] + span.start;
    ints[1] = found[1] + span.start;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, is_found, &result);
  return result;
}

// findLongStrings(bytes, start, end, least, mostRest, table)
napi_value FindLongStringsCall(napi_env env, napi_callback_info info) noexcept {
  size_t count = 6;
  napi_value arguments[6];
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok) return nullptr;
  Span span;
  int64_t least;
  int64_t most_rest;
  View table;
  if (!ReadSpan(env, arguments, span)) return nullptr;
  if (!ReadInteger(env, arguments[3], "least", 1, kMostBytes, least)) return nullptr;
  if (!ReadInteger(env, arguments[4], "mostRest", 0, kMostBytes, most_rest)) return nullptr;
  if (!ReadTable(env, arguments[5], span.bytes, kLongStringInts, table)) return nullptr;

  const auto room = static_cast<uint32_t>(std::min<size_t>(table.length / kLongStringInts, INT32_MAX));
  const auto found = static_cast<LongString*>(table.data);
  const uint32_t strings =
      FindLongStrings(span.begin, span.end, static_cast<size_t>(least), static_cast<size_t>(most_rest), found, room);
  for (uint32_t n = 0; n < strings; n++) {
    found[n].start += span.start;
    found[n].end += span.start;
  }
  napi_value result = nullptr;
  napi_create_uint32(env, strings, &result);
  return result;
}

// escape(bytes, start, end, out)
napi_value EscapeCall(napi_env env, napi_callback_info info) noexcept {
  Span span;
  View out;
  if (!ReadSpanAndOut(env, info, span, out)) return nullptr;
  const size_t size = EscapedSize(span.begin, span.end);
  if (size <= out.length) Escape(span.begin, span.end, static_cast<uint8_t*>(out.data));
  napi_value result = nullptr;
  napi_create_int64(env, static_cast<int64_t>(size), &result);
  return result;
}

// unescape(bytes, start, end, out)
napi_value UnescapeCall(napi_env env, napi_callback_info info) noexcept {
  Span span;
  View out;
  if (!ReadSpanAndOut(env, info, span, out)) return nullptr;
  if (static_cast<size_t>(span.end - span.begin) > out.length) return ThrowRange(env, "out: must be as long as the contents");
  napi_value result = nullptr;
  napi_create_int64(env, Unescape(span.begin, span.end, static_cast<uint8_t*>(out.data)), &result);
  return result;
}

}  // namespace airs
