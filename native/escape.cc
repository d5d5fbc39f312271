#include "escape.h"

#include "block.h"

namespace airs {
namespace {

// Blocks without a backslash after which the next one is searched for: memchr is faster, but its call is not free.
constexpr int kQuietBlocks = 4;

// Whether the backslash at `p` begins a valid escape.
AIRS_INLINE bool IsEscape(Bytes p, Bytes end) noexcept {
  if (end - p < 2) return false;
  if (AIRS_LIKELY(Is(p[1], kEscapeKind))) return true;
  return p[1] == 'u' && end - p >= 6 && (kCharClass[p[2]] & kCharClass[p[3]] & kCharClass[p[4]] & kCharClass[p[5]] & kHex) != 0;
}

int HexValue(uint8_t c) noexcept {
  if (IsDigit(c)) return c - '0';
  return Is(c, kHex) ? (c | 0x20) - 'a' + 10 : -1;
}

// The code unit of the `uXXXX` at p, or -1.
int32_t CodeUnit(Bytes p, Bytes end) noexcept {
  if (end - p < 5 || *p != 'u') return -1;
  int32_t unit = 0;
  for (int n = 1; n <= 4; n++) {
    const int digit = HexValue(p[n]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

}  // namespace

size_t EncodeUtf8(uint32_t point, uint8_t* out) noexcept {
  if (point < 0x80) {
    out[0] = static_cast<uint8_t>(point);
    return 1;
  }
  const size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (size_t n = length - 1; n > 0; n--) {
    out[n] = static_cast<uint8_t>(0x80 | (point & 0x3f));
    point >>= 6;
  }
  constexpr uint8_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = static_cast<uint8_t>(kLead[length] | point);
  return length;
}

Bytes DecodeEscape(Bytes p, Bytes end, uint8_t* out, size_t& size) noexcept {
  if (p == end) return nullptr;
  if (*p != 'u') {
    out[0] = kEscaped[*p];
    size = 1;
    return out[0] != 0 ? p + 1 : nullptr;
  }
  const int32_t unit = CodeUnit(p, end);
  if (unit < 0) return nullptr;
  p += 5;
  auto point = static_cast<uint32_t>(unit);
  if ((point & 0xfc00) == 0xd800 && p != end && *p == '\\') {
    const int32_t low = CodeUnit(p + 1, end);
    if (low >= 0 && (low & 0xfc00) == 0xdc00) {
      point = 0x10000 + ((point & 0x3ff) << 10) + (static_cast<uint32_t>(low) & 0x3ff);
      p += 6;
    }
  }
  size = EncodeUtf8(point, out);
  return p;
}

bool EscapesAreValid(Bytes p, Bytes end) noexcept {
  int quiet = kQuietBlocks;
  // 1 where the next byte belongs to an escape of the block before.
  int passed = 0;
  while (p != end) {
    if (quiet == kQuietBlocks && passed == 0) {
      p = static_cast<Bytes>(std::memchr(p, '\\', static_cast<size_t>(end - p)));
      if (p == nullptr) return true;
      quiet = 0;
    }
    uint64_t mask;
    const ptrdiff_t size = end - p < Block::kSize ? end - p : Block::kSize;
    if (AIRS_LIKELY(size == Block::kSize)) {
      mask = Block(p).Equal('\\');
    } else {
      uint8_t rest[Block::kSize] = {};
      std::memcpy(rest, p, static_cast<size_t>(size));
      mask = Block(rest).Equal('\\');
    }
    mask &= ~uint64_t{0} << passed;
    passed = 0;
    quiet = mask == 0 ? quiet + 1 : 0;
    while (mask != 0) {
      const int at = std::countr_zero(mask);
      if (!IsEscape(p + at, end)) return false;
      // The byte behind a backslash is no backslash of its own; digits behind a u are none anyway.
      passed = at == Block::kSize - 1 ? 1 : 0;
      mask &= ~(uint64_t{3} << at);
    }
    p += size;
  }
  return true;
}

bool DecodedEquals(Bytes p, Bytes end, Bytes text, size_t length) noexcept {
  const Bytes text_end = text + length;
  while (p != end) {
    uint8_t decoded[4];
    size_t size = 1;
    if (*p == '\\') {
      p = DecodeEscape(p + 1, end, decoded, size);
      if (p == nullptr) return false;
    } else {
      decoded[0] = *p++;
    }
    if (static_cast<size_t>(text_end - text) < size || std::memcmp(text, decoded, size) != 0) return false;
    text += size;
  }
  return text == text_end;
}

}  // namespace airs
