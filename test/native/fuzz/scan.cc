// The fuzz target over `scan` and `find`. An input is eight bytes of options and a text. In this process, what must
// hold for any text is checked: windows of all sizes, tables of all sizes and all cuts of a stream agree. What
// the addon said is then written to descriptor 3, where fuzz.mjs compares it with the JavaScript fallback and JSON.parse.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../scans.h"

namespace {

using namespace airs_test;

constexpr int kJudge = 3;
constexpr size_t kOptions = 8;
constexpr size_t kFlushAt = size_t{64} << 10;

enum class Case : int32_t { kScan = 1, kFind = 2 };

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Scanners scanners;
  static Judge judge;
  if (size < kOptions) return -1;
  const Options options(data);
  const std::string_view text(reinterpret_cast<const char*>(data) + kOptions, size - kOptions);
  if (options.finds) {
    TryFind(scanners, judge, options, text);
  } else {
    TryScan(scanners, judge, options, text);
  }
  return 0;
}
