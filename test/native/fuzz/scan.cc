// The fuzz target over `scan`, `find`, and what is done with long strings. An input is eight bytes of options and a text.
// In this process, what must hold for any text is checked: windows of all sizes, tables of all sizes and all cuts of a
// stream agree, and escaped text comes back as it was. What the addon said is then written to descriptor 3, where
// fuzz.mjs compares it with the JavaScript fallback, JSON.parse and JSON.stringify.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../scans.h"
#include "escape.h"
#include "long_strings.h"

namespace {

using namespace airs_test;

constexpr int kJudge = 3;
constexpr size_t kOptions = 8;
constexpr size_t kFlushAt = size_t{64} << 10;

enum class Case : int32_t { kScan = 1, kFind = 2, kStrings = 3 };

// Cases on their way to the judge: the length of what follows in bytes, then ints, then bytes padded to whole ints.
class Judge {
 public:
  ~Judge() { Flush(); }

  void Add(const std::vector<int32_t>& ints, std::string_view text) {
    if (!is_there_) return;
    const size_t padded = (text.size() + 3) & ~size_t{3};
    const auto length = static_cast<int32_t>(ints.size() * sizeof(int32_t) + padded);
    Append(&length, sizeof length);
    Append(ints.data(), ints.size() * sizeof(int32_t));
    Append(text.data(), text.size());
    pending_.resize(pending_.size() + padded - text.size());
    if (pending_.size() >= kFlushAt) Flush();
  }

 private:
  void Append(const void* bytes, size_t size) { pending_.append(static_cast<const char*>(bytes), size); }

  void Flush() {
    size_t done = 0;
    while (is_there_ && done < pending_.size()) {
      const ssize_t written = write(kJudge, pending_.data() + done, pending_.size() - done);
      if (written <= 0) std::abort();
      done += static_cast<size_t>(written);
    }
    pending_.clear();
  }

  std::string pending_;
  // Without a judge, the checks in this process are all there is: for a debugger, or for minimising a corpus.
  const bool is_there_ = std::getenv("AIRS_FUZZ_JUDGE") != nullptr;
};

struct Scanners {
  Scanner full{airs::StructureIndex::kMaxWindow};
  Scanner windowed[8] = {Scanner(8), Scanner(9), Scanner(16), Scanner(31), Scanner(64), Scanner(100), Scanner(256), Scanner(1024)};
};

struct Options {
  explicit Options(const uint8_t* bytes)
      : flags(bytes[0] & (airs::kStrict | airs::kWhole)),
        finds((bytes[0] & 4) != 0),
        wide((bytes[0] & 8) != 0),
        strings((bytes[0] & 16) != 0),
        window(bytes[1] & 7u),
        room(bytes[2] < 200 ? 1 + bytes[2] % 9u : 64u),
        max_message(bytes[3] < 128 ? 1 << 30 : bytes[3] - 127),
        max_batch(bytes[4] < 128 ? 1 << 30 : bytes[4] - 127),
        start(bytes[5]),
        unfinished(bytes[6]),
        cut(1 + bytes[7] % 71u) {}

  int32_t flags;
  bool finds;
  bool wide;
  bool strings;
  size_t window;
  uint32_t room;
  int32_t max_message;
  int32_t max_batch;
  int32_t start;
  int32_t unfinished;
  size_t cut;
};

Request RequestFor(const Options& options, std::string_view text) {
  const auto size = static_cast<int32_t>(text.size());
  Request request{.flags = options.flags, .max_message = options.max_message, .max_batch = options.max_batch};
  request.start = options.start < 240 ? 0 : std::min(size, options.start - 240);
  request.end = options.unfinished < 200 ? size : std::max(request.start, size - (options.unfinished - 200));
  // No line feed lies before the place that the search for them begins at.
  const size_t line_feed = text.find('\n', static_cast<size_t>(request.start));
  const int32_t most = line_feed == std::string_view::npos ? request.end : std::min(request.end, static_cast<int32_t>(line_feed));
  request.search = std::min(most, request.start + options.start % 16);
  return request;
}

// The stream [request.start, request.end), received in pieces.
Result ScanPieces(Scanner& scanner, std::string_view text, const Request& whole, const Options& options) {
  Result result;
  result.consumed = whole.start;
  int32_t received = whole.start;
  while (received < whole.end) {
    Request request = whole;
    request.start = result.consumed;
    request.search = received;
    received = std::min(whole.end, received + static_cast<int32_t>(options.cut));
    request.end = received;
    ScanOn(scanner, text.substr(0, static_cast<size_t>(received)), request, options.room, result);
  }
  return result;
}

void TryScan(Scanners& scanners, Judge& judge, const Options& options, std::string_view text) {
  const Request request = RequestFor(options, text);
  Scanner& windowed = scanners.windowed[options.window];
  const Result result = ScanAll(scanners.full, text, request, 64);
  const Result in_windows = ScanAll(windowed, text, request, options.room);
  const bool is_stream = (options.flags & airs::kWhole) == 0;
  const Result in_pieces = is_stream ? ScanPieces(windowed, text, request, options) : result;
  Request strict = request;
  strict.flags |= airs::kStrict;
  // Without strict validation, damage inside values may or may not be noticed.
  if (ScanAll(scanners.full, text, strict, 64).has_only_json()) {
    Check(ScanAll(windowed, text, strict, options.room) == result, "both modes agree on a good text", text);
    strict.flags = options.flags;
  }
  if (strict.flags == options.flags) {
    Check(in_windows == result, "all windows and tables agree", text);
    Check(in_pieces == result, "all cuts agree", text);
  }

  const std::vector<int32_t> table = ScanOnce(windowed, text, request, options.room);
  std::vector<int32_t> ints = {static_cast<int32_t>(Case::kScan), static_cast<int32_t>(text.size()), static_cast<int32_t>(options.room)};
  ints.insert(ints.end(), table.begin(), table.begin() + (1 + table[0]) * static_cast<ptrdiff_t>(airs::kRecordInts));
  judge.Add(ints, text);
}

// The text up to the first 0xFF, and a pointer behind it: its bytes are Latin-1, or UTF-16 if `wide`.
void TryFind(Scanners& scanners, Judge& judge, const Options& options, std::string_view input) {
  const size_t split = std::min(input.size(), input.find('\xff'));
  const std::string_view text = input.substr(0, split);
  const std::string_view rest = split == input.size() ? "" : input.substr(split + 1);
  std::u16string pointer;
  for (size_t n = 0; n < rest.size(); n++) {
    const auto unit = static_cast<char16_t>(static_cast<uint8_t>(rest[n]));
    if (!options.wide || n % 2 == 0) {
      pointer.push_back(unit);
    } else {
      pointer.back() = static_cast<char16_t>(pointer.back() | unit << 8);
    }
  }
  const Found found = FindOnce(scanners.full, text, pointer);
  std::vector<int32_t> ints = {static_cast<int32_t>(Case::kFind),  static_cast<int32_t>(text.size()),
                               static_cast<int32_t>(found.error), found.is_found ? 1 : 0,
                               found.range[0],                    found.range[1],
                               static_cast<int32_t>(pointer.size())};
  ints.insert(ints.end(), pointer.begin(), pointer.end());
  judge.Add(ints, text);
}

std::string EscapedOf(std::string_view text) {
  const Exact from(text);
  const size_t size = airs::EscapedSize(from.data(), from.data() + from.size());
  Check(size >= text.size(), "escapes only add", text);
  Exact out(std::string(size, '?'));
  airs::Escape(from.data(), from.data() + from.size(), out.data());
  return {reinterpret_cast<const char*>(out.data()), size};
}

// What string contents stand for; nothing where that has no UTF-8.
std::optional<std::string> UnescapedOf(std::string_view contents) {
  const Exact from(contents);
  Exact out(std::string(contents.size(), '?'));
  const ptrdiff_t size = airs::Unescape(from.data(), from.data() + from.size(), out.data());
  Check(-1 <= size && size <= static_cast<ptrdiff_t>(contents.size()), "no escape is shorter than what it stands for", contents);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out.data()), static_cast<size_t>(size));
}

std::vector<int32_t> LongStringsOf(std::string_view text, const Options& options) {
  constexpr size_t kInts = sizeof(airs::LongString) / sizeof(int32_t);
  const Exact copy(text);
  std::vector<airs::LongString> table(options.room);
  const uint32_t count = airs::FindLongStrings(copy.data(), copy.data() + copy.size(), options.cut,
                                               static_cast<size_t>(options.max_message), table.data(), options.room);
  Check(count <= options.room, "no more strings than there is room for", text);
  std::vector<int32_t> ints(count * kInts);
  if (count != 0) std::memcpy(ints.data(), table.data(), count * sizeof(airs::LongString));
  int32_t before = 0;
  for (uint32_t n = 0; n < count; n++) {
    const auto& [start, end, is_escaped] = table[n];
    Check(before < start && start <= end && end < static_cast<int32_t>(text.size()), "strings in order in the text", text);
    Check(static_cast<size_t>(end - start) >= options.cut, "only long strings", text);
    const std::string_view contents = text.substr(static_cast<size_t>(start), static_cast<size_t>(end - start));
    Check((contents.find('\\') != std::string_view::npos) == (is_escaped == 1), "whether a string has escapes", text);
    before = end + 1;
  }
  return ints;
}

// The text as one to be escaped, as contents of a string, and as JSON with long strings.
void TryStrings(Judge& judge, const Options& options, std::string_view text) {
  const std::string escaped = EscapedOf(text);
  Check(airs::EscapesAreValid(reinterpret_cast<Bytes>(escaped.data()), reinterpret_cast<Bytes>(escaped.data()) + escaped.size()),
        "only valid escapes are written", text);
  Check(UnescapedOf(escaped) == text, "what was escaped comes back", text);
  const std::optional<std::string> unescaped = UnescapedOf(text);
  const std::vector<int32_t> found = LongStringsOf(text, options);

  const std::string outputs = std::string(text) + escaped + unescaped.value_or("");
  std::vector<int32_t> ints = {static_cast<int32_t>(Case::kStrings),
                               static_cast<int32_t>(outputs.size()),
                               static_cast<int32_t>(text.size()),
                               static_cast<int32_t>(escaped.size()),
                               unescaped ? static_cast<int32_t>(unescaped->size()) : -1,
                               static_cast<int32_t>(options.cut),
                               options.max_message,
                               static_cast<int32_t>(options.room)};
  ints.insert(ints.end(), found.begin(), found.end());
  judge.Add(ints, outputs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Scanners scanners;
  static Judge judge;
  if (size < kOptions) return -1;
  const Options options(data);
  const std::string_view text(reinterpret_cast<const char*>(data) + kOptions, size - kOptions);
  if (options.strings) {
    TryStrings(judge, options, text);
  } else if (options.finds) {
    TryFind(scanners, judge, options, text);
  } else {
    TryScan(scanners, judge, options, text);
  }
  return 0;
}
