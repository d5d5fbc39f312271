// Scans of a whole text, in heap blocks of exactly its size so that the sanitizers see each read beyond it, with
// checks of all that must hold whatever the text is. Shared by driver.cc and the fuzz target.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "find.h"
#include "scan.h"

namespace airs_test {

using airs::Bytes;
using airs::Record;
using airs::Scanner;

[[noreturn]] inline void Fail(const char* what, std::string_view text) {
  std::fprintf(stderr, "FAILED: %s, for this text of %zu bytes:\n%.*s\n", what, text.size(), static_cast<int>(text.size()),
               text.data());
  std::abort();
}

inline void Check(bool good, const char* what, std::string_view text = "") {
  if (!good) Fail(what, text);
}

// A copy of a text without a byte to spare. An empty one still has an address.
class Exact {
 public:
  explicit Exact(std::string_view text) : bytes_(new uint8_t[text.size()]), size_(text.size()) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
  }
  Bytes data() const { return bytes_.get(); }
  uint8_t* data() { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
};

// What a scan is asked beside its text.
struct Request {
  int32_t flags = 0;
  int32_t start = 0;
  int32_t search = 0;
  int32_t end = 0;
  int32_t max_message = 1 << 20;
  int32_t max_batch = 4;
};

inline void CheckOffsets(const Record& record, std::string_view text) {
  const int32_t size = static_cast<int32_t>(text.size());
  const std::pair<int32_t, int32_t> spans[] = {{record.start, record.end},
                                               {record.id_start, record.id_end},
                                               {record.method_start, record.method_end},
                                               {record.payload_start, record.payload_end}};
  for (const auto& [start, end] : spans) Check(0 <= start && start <= end && end <= size, "offsets within the text", text);
}

// One call. The table, which has room for `room` records, has its own block as well.
inline std::vector<int32_t> ScanOnce(Scanner& scanner, std::string_view text, const Request& request, uint32_t room) {
  const Exact copy(text);
  std::vector<int32_t> table(size_t{room + 1} * airs::kRecordInts, -77);
  auto& control = *reinterpret_cast<airs::Control*>(table.data());
  control.start = request.start;
  control.search = request.search;
  control.end = request.end;
  control.flags = request.flags;
  control.max_message = request.max_message;
  control.max_batch = request.max_batch;
  Check(scanner.Scan(copy.data(), table.data(), room) == airs::Status::kOk, "memory", text);
  Check(0 <= control.count && static_cast<uint32_t>(control.count) <= room, "count within the table", text);
  Check(request.start <= control.consumed && control.consumed <= request.end, "what is consumed was there", text);
  Check(control.more >= 0 && (control.more <= 1 || control.count == 0), "a larger table is asked for alone", text);
  const auto records = reinterpret_cast<const Record*>(table.data()) + 1;
  for (int32_t n = 0; n < control.count; n++) CheckOffsets(records[n], text);
  return table;
}

// All records of a text, and where its rest begins.
struct Result {
  std::vector<Record> records;
  int32_t consumed = 0;

  bool operator==(const Result& other) const {
    return consumed == other.consumed && records.size() == other.records.size() &&
           (records.empty() || std::memcmp(records.data(), other.records.data(), records.size() * sizeof(Record)) == 0);
  }

  bool has_only_json() const {
    for (const Record& record : records) {
      if (record.status == airs::FrameStatus::kSyntax || record.status == airs::FrameStatus::kUtf8) return false;
    }
    return true;
  }
};

// Scans what is there as a framer would: again from where a full table stopped, with a larger one for a batch.
// Adds to `result`.
inline void ScanOn(Scanner& scanner, std::string_view text, Request request, uint32_t room, Result& result) {
  for (;;) {
    const std::vector<int32_t> table = ScanOnce(scanner, text, request, room);
    const auto& control = *reinterpret_cast<const airs::Control*>(table.data());
    const auto records = reinterpret_cast<const Record*>(table.data()) + 1;
    result.records.insert(result.records.end(), records, records + control.count);
    result.consumed = control.consumed;
    if (control.more == 0) return;
    if (control.more > 1) room = static_cast<uint32_t>(control.more);
    request.start = control.consumed;
    request.search = std::max(request.search, request.start);
  }
}

inline Result ScanAll(Scanner& scanner, std::string_view text, const Request& request, uint32_t room) {
  Result result;
  ScanOn(scanner, text, request, room, result);
  return result;
}

inline Result ScanAll(Scanner& scanner, std::string_view text, int32_t flags, uint32_t room) {
  return ScanAll(scanner, text, Request{.flags = flags, .end = static_cast<int32_t>(text.size())}, room);
}

struct Found {
  airs::PointerError error = airs::PointerError::kNone;
  bool is_found = false;
  int32_t range[2] = {-1, -1};
};

inline Found FindOnce(Scanner& scanner, std::string_view text, std::u16string_view units) {
  const Exact copy(text);
  Found found;
  airs::Pointer pointer;
  Check(pointer.Parse(units.data(), units.size(), found.error) == airs::Status::kOk, "memory", text);
  if (found.error != airs::PointerError::kNone) return found;
  const airs::Status status =
      Find(scanner.stream(), scanner.nesting(), copy.data(), copy.size(), pointer, found.is_found, found.range);
  Check(status == airs::Status::kOk, "memory", text);
  const auto [start, end] = found.range;
  if (found.is_found) {
    Check(0 <= start && start < end && end <= static_cast<int32_t>(text.size()), "a value is in the text", text);
  }
  return found;
}

}  // namespace airs_test
