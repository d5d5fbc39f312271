// Behaviour of the parts below the scanner, each on its own, under the sanitizers: escapes against a decoder that reads
// byte by byte, the token stream cut at every place, whole values, pointers, slabs, and the system's calls.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "container_end.h"
#include "escape.h"
#include "long_strings.h"
#include "plain_text.h"
#include "scans.h"
#include "slab.h"
#include "system.h"

namespace {

using namespace airs_test;

bool EscapesOf(std::string_view text) {
  const Exact copy(text);
  return airs::EscapesAreValid(copy.data(), copy.data() + copy.size());
}

// One byte after the other, as the grammar has it.
bool EscapesBySteps(std::string_view text) {
  for (size_t n = 0; n < text.size(); n++) {
    if (text[n] != '\\') continue;
    if (++n == text.size()) return false;
    if (text[n] == 'u') {
      for (size_t digit = 1; digit <= 4; digit++) {
        if (n + digit >= text.size() || !airs::Is(static_cast<uint8_t>(text[n + digit]), airs::kHex)) return false;
      }
      n += 4;
    } else if (std::string_view("\"\\/bfnrt").find(text[n]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Escapes of all kinds at all places of a block of 64 bytes and around its end.
void TryEscapes() {
  for (const std::string_view escape : {"\\\\", "\\\\\\\\", "\\u00e9", "\\\\u00e9", "\\u00g9", "\\", "\\x", "\\u", "\\uD83D\\uDE00", "\\n\\", "\\\\\\"}) {
    for (size_t before = 0; before < 140; before++) {
      for (const size_t after : {0u, 1u, 3u, 4u, 70u}) {
        const std::string text = std::string(before, 'a') + std::string(escape) + std::string(after, '0');
        Check(EscapesOf(text) == EscapesBySteps(text), "escapes are valid where the grammar says so", text);
      }
    }
  }
  for (size_t length = 0; length < 200; length++) {
    Check(EscapesOf(std::string(length, '\\')) == (length % 2 == 0), "backslashes pair up");
  }
}

void TryDecoding() {
  const auto equals = [](std::string_view escaped, std::string_view text) {
    const Exact from(escaped);
    const Exact to(text);
    return airs::DecodedEquals(from.data(), from.data() + from.size(), to.data(), to.size());
  };
  Check(equals("\\u006a\\u0073onrpc", "jsonrpc") && equals("", "") && equals("\\/\\b\\f\\n\\r\\t\\\"\\\\", "/\b\f\n\r\t\"\\"), "escapes are decoded");
  Check(equals("\\ud83d\\ude00", "\xf0\x9f\x98\x80") && equals("\\ud83d\\u0041", "\xed\xa0\xbd""A"), "pairs and lone halves");
  Check(!equals("\\u006", "j") && !equals("\\u006g", "j") && !equals("\\", "") && !equals("\\q", "q"), "what is no escape equals nothing");
  Check(!equals("ab", "a") && !equals("a", "ab") && !equals("\\u00e9", "\xc3"), "lengths count");
  uint8_t out[4];
  for (const uint32_t point : {0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu}) {
    const size_t size = airs::EncodeUtf8(point, out);
    Check(size == (point < 0x80 ? 1u : point < 0x800 ? 2u : point < 0x10000 ? 3u : 4u), "points have their length");
    Check(airs::IsUtf8(out, size), "points are UTF-8");
  }
}

// The offsets of all tokens of a text read through windows.
std::vector<size_t> TokensOf(airs::TokenStream& stream, const Exact& text, size_t window, airs::Trust trust) {
  std::vector<size_t> offsets;
  Check(stream.Reserve(window), "memory");
  stream.Open(text.data(), text.data() + text.size(), window, trust);
  airs::Cursor cursor = stream.first();
  while (const Bytes token = airs::Take(cursor, stream)) offsets.push_back(static_cast<size_t>(token - text.data()));
  return offsets;
}

// Windows of all sizes cut a text inside its strings, numbers, escapes and characters, and give the same tokens.
void TryTokens() {
  const std::string text = "{\"a\":[1.25e+10,\"" + std::string(40, 'x') + "\\\"\\\\\",\"\xe4\xb8\xad\xf0\x9f\x98\x80\", " + std::string(30, ' ') +
                           "true,\"\\u0041\",-" + std::string(60, '9') + ",null,{}]}";
  const Exact copy(text);
  airs::TokenStream stream;
  const std::vector<size_t> all = TokensOf(stream, copy, text.size(), airs::Trust::kNone);
  Check(all.size() == 22 && all.front() == 0 && all.back() == text.size() - 1, "all tokens are there");
  for (size_t window = 8; window < text.size(); window++) {
    for (const airs::Trust trust : {airs::Trust::kNone, airs::Trust::kEscapes, airs::Trust::kAll}) {
      Check(TokensOf(stream, copy, window, trust) == all && !stream.failed(), "all windows give the same tokens", text);
    }
  }
  for (const std::string_view bad : {"\"a\x01\"", "\"\xff\"", "\"open", "[\"a\\\""}) {
    const Exact wrong(bad);
    for (const size_t window : {8u, 64u}) {
      (void)TokensOf(stream, wrong, window, airs::Trust::kNone);
      Check(stream.failed(), "malformed text fails", bad);
    }
  }
  Check(TokensOf(stream, Exact(""), 8, airs::Trust::kNone).empty() && !stream.failed(), "an empty text has no tokens");
}

// A string that is passed without an index gives the same token, or failure, as one that is indexed, with odd bytes anywhere.
void TryLongStrings() {
  airs::TokenStream stream;
  for (const std::string_view odd : {"", "\\n", "\\\"", "\\\\", "\xc3\xa9", "\x7f", " ", "!", "\x01", "\n", "\xff", "\xc3", "\\q"}) {
    for (size_t before = 0; before < 140; before++) {
      for (const size_t after : {0u, 1u, 63u, 64u, 130u}) {
        const std::string text = "[\"" + std::string(before, 'x') + std::string(odd) + std::string(after, 'z') + "\",1]";
        const Exact copy(text);
        const std::vector<size_t> whole = TokensOf(stream, copy, text.size(), airs::Trust::kNone);
        const bool failed = stream.failed();
        const std::vector<size_t> cut = TokensOf(stream, copy, 8, airs::Trust::kNone);
        Check(stream.failed() == failed && (failed || cut == whole), "long strings are judged alike", text);
      }
    }
  }
}

// The escaped form of a text and back, in blocks without a byte to spare, and where it is found in a text of three values.
void TryOneString(const std::string& text, const std::string& escaped) {
  const Exact from(text);
  const Exact contents(escaped);
  Check(airs::EscapedSize(from.data(), from.data() + from.size()) == escaped.size(), "the size with escapes", text);
  Exact out(std::string(escaped.size(), '?'));
  airs::Escape(from.data(), from.data() + from.size(), out.data());
  Check(std::memcmp(out.data(), contents.data(), escaped.size()) == 0, "the text with escapes", text);
  const auto begin = out.data();
  const ptrdiff_t size = airs::Unescape(contents.data(), contents.data() + contents.size(), begin);
  Check(size == static_cast<ptrdiff_t>(text.size()) && std::memcmp(begin, text.data(), text.size()) == 0,
        "the text without escapes", text);

  const std::string json = "[1,\"" + escaped + "\",{\"" + escaped + "\" :2}]";
  const Exact copy(json);
  airs::LongString found[2];
  const size_t rest = json.size() - escaped.size();
  const size_t least = std::max<size_t>(1, escaped.size());
  const uint32_t count = airs::FindLongStrings(copy.data(), copy.data() + copy.size(), least, rest, found, 2);
  Check(count == (escaped.empty() ? 0 : 1), "a long string is found, and no key", json);
  Check(count == 0 || (found[0].start == 4 && found[0].end == static_cast<int32_t>(4 + escaped.size())), "where it stands", json);
  Check(airs::FindLongStrings(copy.data(), copy.data() + copy.size(), least, rest - 1, found, 2) == 0, "no rest beyond what is allowed", json);
}

void TryStrings() {
  const std::pair<std::string, std::string> pairs[] = {{"", ""}, {"\"", "\\\""}, {"\\", "\\\\"}, {"\n\x1f", "\\n\\u001f"}, {"\xc3\xa9/", "\xc3\xa9/"}};
  for (const auto& [plain, escaped] : pairs) {
    for (size_t before = 0; before < 150; before++) {
      for (const size_t after : {0u, 1u, 15u, 16u, 17u, 64u, 80u}) {
        TryOneString(std::string(before, 'a') + plain + plain + std::string(after, 'b'), std::string(before, 'a') + escaped + escaped + std::string(after, 'b'));
      }
    }
  }
  for (const std::string_view bad : {"\\", "\\q", "\\u12", "\\ud800", "\\ud800\\u0041", "\\udc00"}) {
    for (size_t before = 0; before < 150; before++) {
      const Exact contents(std::string(before, 'a') + std::string(bad));
      Exact out(std::string(contents.size(), '?'));
      Check(airs::Unescape(contents.data(), contents.data() + contents.size(), out.data()) == -1, "what has no UTF-8", bad);
    }
  }
}

// The last byte of the container that `text` is, or -1.
template <bool Strict>
ptrdiff_t Passed(std::string_view text, airs::Nesting& nesting) {
  const Exact copy(text);
  airs::TokenStream stream;
  Check(stream.Reserve(text.size()), "memory");
  stream.Open(copy.data(), copy.data() + copy.size(), text.size(), airs::Trust::kNone);
  airs::Cursor cursor = stream.first();
  const Bytes end = copy.data() + copy.size();
  airs::Walk walk{stream, nesting, copy.data(), end, end, true};
  // A text that its first window shows to be malformed has no tokens.
  const Bytes open = airs::Take(cursor, stream);
  if (open == nullptr) return -1;
  const Bytes last = airs::PassContainer<Strict>(cursor, walk, open);
  return last == nullptr ? -1 : last - copy.data();
}

void TryValues() {
  airs::Nesting nesting;
  for (const std::string_view text : {"[]", "{}", "[1,{\"a\":[]},\"x\"]", "{\"a\":{\"b\":null}}", "[[[[[[]]]]]]"}) {
    const auto last = static_cast<ptrdiff_t>(text.size()) - 1;
    Check(Passed<true>(text, nesting) == last && Passed<false>(text, nesting) == last, "a container is passed", text);
    for (size_t size = 1; size < text.size(); size++) {
      const std::string_view part = text.substr(0, size);
      Check(Passed<true>(part, nesting) < 0 && Passed<false>(part, nesting) < 0, "a part of one is not", part);
    }
  }
  for (const std::string_view text : {"[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{1:2}", "[1 2]", "[}", "{\"a\":1,}", "[tru]", "[01]", "[1}]"}) {
    Check(Passed<true>(text, nesting) < 0, "what is no JSON is refused in strict mode", text);
  }
  // Around the words of 64 kinds, alternating so that each bit counts.
  for (const size_t depth : {1u, 63u, 64u, 65u, 127u, 128u, 129u, 200000u}) {
    std::string text;
    for (size_t n = 0; n < depth; n++) text += n % 3 == 0 ? "{\"\":" : "[";
    text += "0";
    for (size_t n = depth; n-- > 0;) text += n % 3 == 0 ? '}' : ']';
    Check(Passed<true>(text, nesting) == static_cast<ptrdiff_t>(text.size()) - 1, "any depth is passed");
    text.back() = ']';
    Check(Passed<true>(text, nesting) < 0, "and its last bracket is checked");
    nesting.Trim();
  }
}

// Bytes of all kinds at all places of the blocks and behind them.
void TryPlainText() {
  for (int byte = 0; byte < 256; byte++) {
    const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    for (size_t before = 0; before < 330; before += byte % 16 == 2 ? 1u : 13u) {
      for (const size_t after : {0u, 1u, 63u, 127u, 128u}) {
        const std::string text = std::string(before, 'a') + static_cast<char>(byte) + std::string(after, '~');
        const Exact copy(text);
        const ptrdiff_t passed = airs::PassPlainText(copy.data(), copy.data() + text.size()) - copy.data();
        Check(passed == static_cast<ptrdiff_t>(plain ? text.size() : before), "plain text ends at what is not plain", text);
      }
    }
  }
}

// Where it ends for one who reads byte after byte.
ptrdiff_t EndBySteps(std::string_view text, uint64_t depth) {
  bool in_string = false;
  for (size_t n = 0; n < text.size(); n++) {
    const char c = text[n];
    if (in_string && c == '\\') n++;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') depth++;
    if ((c == '}' || c == ']') && --depth == 0) return static_cast<ptrdiff_t>(n);
  }
  return -1;
}

// Brackets, strings that hold some, and escaped quotes at all places of a block and across its end, and the text cut everywhere.
void TryContainerEnds() {
  for (const std::string_view piece : {"]", "}", "[]]", "{\"a\":[{}]}}", "\"]\"]", "\"\\\"]\"]", "\"\\\\\"]", "\"\\\\\\\"}{\"}", "\"[[[\",[{\"}\":1}]]]]"}) {
    for (size_t before = 0; before < 140; before++) {
      for (const size_t within : {0u, 1u, 62u, 63u, 64u, 200u}) {
        const std::string text = std::string(before, '1') + ",\"" + std::string(within, 'a') + "\"," + std::string(piece) + "}}} ]";
        const Exact copy(text);
        for (uint64_t depth = 1; depth < 6; depth++) {
          const airs::Bytes end = airs::ContainerEnd(copy.data(), copy.data() + text.size(), depth);
          Check((end == nullptr ? -1 : end - copy.data()) == EndBySteps(text, depth), "a container ends at its bracket", text);
        }
      }
    }
  }
  const std::string text = "1,[2,{\"a\\\"]\":\"\\\\\"},\"" + std::string(100, ']') + "\\\"\"]]";
  for (size_t length = 0; length <= text.size(); length++) {
    const Exact copy(text.substr(0, length));
    const airs::Bytes end = airs::ContainerEnd(copy.data(), copy.data() + length, 1);
    Check((end != nullptr) == (length == text.size()), "no end is found in a part", text);
  }
}

void TryPointers() {
  airs::PointerError error;
  const std::u16string many(5000, u'/');
  const std::u16string wide = u"/" + std::u16string(500, u'\u4e2d') + u"\xd800";
  for (const std::u16string& units : {many, wide}) {
    airs::Pointer pointer;
    Check(pointer.Parse(units.data(), units.size(), error) == airs::Status::kOk, "memory");
    Check(error == airs::PointerError::kNone && pointer.count() > 0, "a long pointer is read");
  }
  // Around the bytes and steps that a pointer holds without an allocation.
  for (size_t length = 1; length < 80; length++) {
    airs::Pointer pointer;
    const std::u16string units = u"/" + std::u16string(length, u'\u4e2d') + std::u16string(length % 12, u'/');
    Check(pointer.Parse(units.data(), units.size(), error) == airs::Status::kOk, "memory");
    Check(pointer.count() == 1 + length % 12 && pointer.steps()[0].length == 3 * length, "its keys have their length");
  }
  for (const std::u16string_view units : {u"a", u"/~", u"/~2", u"/a~/b"}) {
    airs::Pointer pointer;
    Check(pointer.Parse(units.data(), units.size(), error) == airs::Status::kOk, "memory");
    Check(error != airs::PointerError::kNone && pointer.count() == 0, "a malformed pointer is refused");
  }
  for (const auto& [units, index] : {std::pair{u"/0", int64_t{0}}, {u"/10", 10}, {u"/01", -1}, {u"/-1", -1}, {u"/", -1}, {u"/999999999999999999", 999999999999999999}, {u"/1000000000000000000", -1}}) {
    airs::Pointer pointer;
    Check(pointer.Parse(units, std::char_traits<char16_t>::length(units), error) == airs::Status::kOk, "memory");
    Check(pointer.count() == 1 && pointer.steps()[0].index == index, "indexes are read");
  }
}

void TrySlabs() {
  airs::SlabCache::Owner cache = airs::SlabCache::New();
  uint8_t* first;
  {
    const airs::Slab slab = airs::Slab::Allocate(*cache, 65536);
    first = slab.data();
    Check(reinterpret_cast<uintptr_t>(first) % airs::Slab::kAlignment == 0, "a slab is aligned");
    Check(std::count(first, first + 65536 + airs::Slab::kPadding, 0) == 65536 + 64, "a new slab is zeroed");
    std::memset(first, 1, 65536 + airs::Slab::kPadding);
  }
  {
    const airs::Slab again = airs::Slab::Allocate(*cache, 40000);
    Check(again.data() == first, "a slab is used again for its size class");
    const airs::Slab other = airs::Slab::Allocate(*cache, 40000);
    Check(other.data() != first, "a slab that is out is not");
  }
  for (const size_t size : {1u, 63u, 4095u, 4096u, 4097u, 1000000u}) {
    const airs::Slab slab = airs::Slab::Allocate(*cache, size);
    std::memset(slab.data(), 7, size + airs::Slab::kPadding);
  }
  Check(airs::Slab::Allocate(*cache, size_t{1} << 33).data() == nullptr, "a size past all classes is refused");
  // Far more than a cache keeps.
  std::vector<void*> handles;
  for (int n = 0; n < 80; n++) handles.push_back(airs::Slab::Allocate(*cache, 1 << 20).Release());
  for (size_t n = 0; n < 60; n++) (void)airs::Slab::Adopt(handles[n]);
  // The environment ends first, and the last slabs come back afterwards.
  cache.reset();
  for (size_t n = 60; n < handles.size(); n++) (void)airs::Slab::Adopt(handles[n]);
}

void TrySystem() {
  int32_t fds[2] = {-1, -1};
  Check(airs::SocketPair(fds) && fds[0] >= 0 && fds[1] >= 0, "a socket pair opens");
  Check(airs::SetPipeCapacity(fds[0], 1 << 20) == 0 && airs::SetPipeCapacity(-1, 1) == 0, "only pipes have a capacity");
  airs::CloseSocketPair(fds);
  for (const int32_t fd : fds) Check(close(fd) != 0, "and closes");
}

}  // namespace

int main() {
  TryEscapes();
  TryDecoding();
  TryTokens();
  TryLongStrings();
  TryStrings();
  TryValues();
  TryPlainText();
  TryContainerEnds();
  TryPointers();
  TrySlabs();
  TrySystem();
  return 0;
}
