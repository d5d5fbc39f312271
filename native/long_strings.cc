#include "long_strings.h"

#include <algorithm>

#include "block.h"
#include "escape.h"
#include "string_end.h"

namespace airs {
namespace {

// `\u00` and two digits.
constexpr size_t kLongEscape = 6;
// Bytes that are copied together. Copies of a few bytes take them all, where there is room for more than is asked for.
constexpr ptrdiff_t kStep = 16;

// Copies `size` bytes, and up to kStep - 1 more.
AIRS_INLINE uint8_t* CopyLoosely(Bytes from, ptrdiff_t size, uint8_t* out) noexcept {
  for (ptrdiff_t at = 0; at < size; at += kStep) std::memcpy(out + at, from + at, kStep);
  return out + size;
}

AIRS_INLINE uint8_t* WriteEscape(uint8_t c, uint8_t* out) noexcept {
  const uint8_t kind = kEscapeOf[c];
  out[0] = '\\';
  out[1] = kind;
  if (AIRS_LIKELY(kind != 'u')) return out + 2;
  out[2] = '0';
  out[3] = '0';
  out[4] = static_cast<uint8_t>('0' + (c >> 4));
  out[5] = static_cast<uint8_t>("0123456789abcdef"[c & 15]);
  return out + kLongEscape;
}

// How many bytes the character is longer with its escape.
AIRS_INLINE size_t AddedBy(uint8_t c) noexcept { return kEscapeOf[c] == 0 ? 0 : kEscapeOf[c] == 'u' ? kLongEscape - 1 : 1; }

AIRS_INLINE uint64_t ToEscape(const Block& block) noexcept { return block.Equal('"') | block.Equal('\\') | block.Control(); }

bool IsLoneSurrogate(const uint8_t* character, size_t size) noexcept { return size == 3 && character[0] == 0xed && character[1] >= 0xa0; }

// Decodes the escape whose backslash is at `p`, of any kind; both positions move on. False where it can't be.
bool UnescapeOne(Bytes& p, Bytes end, uint8_t*& out) noexcept {
  uint8_t character[4];
  size_t size = 0;
  const Bytes next = DecodeEscape(p + 1, end, character, size);
  if (next == nullptr || IsLoneSurrogate(character, size)) return false;
  std::memcpy(out, character, size);
  p = next;
  out += size;
  return true;
}

bool IsKey(Bytes behind, Bytes end) noexcept {
  while (behind != end && Is(*behind, kSpace)) behind++;
  return behind != end && *behind == ':';
}

}  // namespace

uint32_t FindLongStrings(Bytes begin, Bytes end, size_t least, size_t most_rest, LongString* found, uint32_t room) noexcept {
  uint32_t count = 0;
  size_t rest = 0;
  for (Bytes p = begin;;) {
    const size_t near = std::min(static_cast<size_t>(end - p), most_rest - rest + 1);
    const auto quote = static_cast<Bytes>(std::memchr(p, '"', near));
    if (quote == nullptr) return rest + near <= most_rest ? count : 0;
    StringEnd string;
    const Bytes close = string.Find(quote + 1, end);
    if (close == nullptr) return 0;
    const auto size = static_cast<size_t>(close - quote - 1);
    const bool is_taken = size >= least && !IsKey(close + 1, end);
    if (is_taken) {
      if (count == room) return 0;
      found[count++] = {static_cast<int32_t>(quote + 1 - begin), static_cast<int32_t>(close - begin), string.has_backslash() ? 1 : 0};
    }
    rest += static_cast<size_t>(close + 1 - p) - (is_taken ? size : 0);
    if (rest > most_rest) return 0;
    p = close + 1;
  }
}

size_t EscapedSize(Bytes p, Bytes end) noexcept {
  auto size = static_cast<size_t>(end - p);
  for (; end - p >= Block::kSize; p += Block::kSize) {
    const Block block(p);
    const uint64_t short_escapes = block.Equal('"') | block.Equal('\\');
    // Worth the test, since not every machine has an instruction that counts.
    if (short_escapes != 0) size += static_cast<size_t>(std::popcount(short_escapes));
    for (uint64_t control = block.Control(); control != 0; control &= control - 1) {
      size += AddedBy(p[std::countr_zero(control)]);
    }
  }
  for (; p != end; p++) size += AddedBy(*p);
  return size;
}

void Escape(Bytes p, Bytes end, uint8_t* out) noexcept {
  // Loose copies read up to a step behind the block, and write no further than what the bytes that follow will take.
  while (end - p >= Block::kSize + kStep) {
    uint64_t mask = ToEscape(Block(p));
    ptrdiff_t from = 0;
    for (; mask != 0; mask &= mask - 1) {
      const ptrdiff_t at = std::countr_zero(mask);
      out = WriteEscape(p[at], CopyLoosely(p + from, at - from, out));
      from = at + 1;
    }
    out = CopyLoosely(p + from, Block::kSize - from, out);
    p += Block::kSize;
  }
  for (; p != end; p++) {
    if (kEscapeOf[*p] == 0) *out++ = *p;
    else out = WriteEscape(*p, out);
  }
}

ptrdiff_t Unescape(Bytes p, Bytes end, uint8_t* out) noexcept {
  const uint8_t* const begin = out;
  while (end - p >= Block::kSize + kStep) {
    const Bytes block_end = p + Block::kSize;
    uint64_t mask = Block(p).Equal('\\');
    const Bytes base = p;
    while (mask != 0) {
      const Bytes backslash = base + std::countr_zero(mask);
      out = CopyLoosely(p, backslash - p, out);
      p = backslash;
      const uint8_t simple = kEscaped[p[1]];
      if (AIRS_LIKELY(simple != 0)) {
        *out++ = simple;
        p += 2;
      } else if (!UnescapeOne(p, end, out)) {
        return -1;
      }
      if (p >= block_end) break;
      mask &= ~uint64_t{0} << (p - base);
    }
    if (p >= block_end) continue;
    out = CopyLoosely(p, block_end - p, out);
    p = block_end;
  }
  while (p != end) {
    if (*p != '\\') *out++ = *p++;
    else if (!UnescapeOne(p, end, out)) return -1;
  }
  return out - begin;
}

}  // namespace airs
