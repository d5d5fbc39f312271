// The bytes of JSON's grammar: character classes, and checks of single tokens. Header-only, since the
// walks spend their time here.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__GNUC__)
#define AIRS_LIKELY(x) __builtin_expect(!!(x), 1)
#define AIRS_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AIRS_INLINE inline __attribute__((always_inline))
#define AIRS_COLD __attribute__((noinline, cold))
#else
#define AIRS_LIKELY(x) (x)
#define AIRS_UNLIKELY(x) (x)
#define AIRS_INLINE __forceinline
#define AIRS_COLD __declspec(noinline)
#endif

namespace airs {

using Bytes = const uint8_t*;

enum CharClass : uint8_t {
  kSpace = 1,        // space, tab, LF, CR
  kOperator = 2,     // { } [ ] : ,
  kHex = 4,          // 0-9 a-f A-F
  kEscapeKind = 8,   // what may follow a backslash, u aside
  kQuote = 16,
};

inline constexpr std::array<uint8_t, 256> kCharClass = [] {
  std::array<uint8_t, 256> table{};
  for (const char c : {' ', '\t', '\n', '\r'}) table[static_cast<uint8_t>(c)] |= kSpace;
  for (const char c : {'{', '}', '[', ']', ':', ','}) table[static_cast<uint8_t>(c)] |= kOperator;
  for (uint8_t c = '0'; c <= '9'; c++) table[c] |= kHex;
  for (uint8_t c = 'a'; c <= 'f'; c++) table[c] |= kHex;
  for (uint8_t c = 'A'; c <= 'F'; c++) table[c] |= kHex;
  for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) table[static_cast<uint8_t>(c)] |= kEscapeKind;
  table['"'] |= kQuote;
  return table;
}();

AIRS_INLINE bool Is(uint8_t c, int classes) noexcept { return (kCharClass[c] & classes) != 0; }

// 0x20 maps [ to { and ] to }, and no other byte onto them.
AIRS_INLINE bool IsOpening(uint8_t c) noexcept { return (c | 0x20) == '{'; }
AIRS_INLINE bool IsClosing(uint8_t c) noexcept { return (c | 0x20) == '}'; }

// Eight bytes as one number, in the machine's byte order.
AIRS_INLINE uint64_t Load8(Bytes p) noexcept {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Four bytes as one number, the first of them lowest.
AIRS_INLINE uint32_t Load4(Bytes p) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    uint32_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
  }
  return uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}

// A text of up to eight bytes, to compare with what Load8 gives.
class Word {
 public:
  template <size_t N>
  explicit consteval Word(const char (&text)[N]) noexcept {
    static_assert(N - 1 <= 8);
    std::array<uint8_t, 8> bytes{};
    std::array<uint8_t, 8> mask{};
    for (size_t n = 0; n < N - 1; n++) {
      bytes[n] = static_cast<uint8_t>(text[n]);
      mask[n] = 0xff;
    }
    bytes_ = std::bit_cast<uint64_t>(bytes);
    mask_ = std::bit_cast<uint64_t>(mask);
  }

  // Whether a text that begins with the eight bytes `loaded` begins with this word.
  AIRS_INLINE bool Begins(uint64_t loaded) const noexcept { return (loaded & mask_) == bytes_; }

 private:
  uint64_t bytes_ = 0;
  uint64_t mask_ = 0;
};

AIRS_INLINE bool IsDigit(uint8_t c) noexcept { return static_cast<uint8_t>(c - '0') < 10; }

// The end of the token that starts at `token` and is followed, after white space alone, by `next`.
AIRS_INLINE Bytes TokenEnd(Bytes token, Bytes next) noexcept {
  Bytes end = next;
  while (AIRS_UNLIKELY(end[-1] <= ' ') && Is(end[-1], kSpace) && end - 1 > token) end--;
  return end;
}

// Whether a number or a literal may end at `p`: at the text's end, a space or an operator.
AIRS_INLINE bool EndsScalar(Bytes p, Bytes end) noexcept { return p == end || Is(*p, kSpace | kOperator); }

// The position after the digits from `p` on.
AIRS_INLINE Bytes PassDigits(Bytes p, Bytes end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    // Eight at a time without a branch for each. Only the first byte flagged is looked at, so that carries
    // into the bytes behind it do no harm.
    while (end - p >= 8) {
      const uint64_t value = Load8(p) ^ 0x3030303030303030u;
      const uint64_t others = ((value + 0x7676767676767676u) | value) & 0x8080808080808080u;
      if (others != 0) return p + (std::countr_zero(others) >> 3);
      p += 8;
    }
  }
  while (p != end && IsDigit(*p)) p++;
  return p;
}

// The position after the JSON number at `p`, or null where there is none, or more than a number.
AIRS_INLINE Bytes PassNumber(Bytes p, Bytes end) noexcept {
  if (*p == '-' && ++p == end) return nullptr;
  if (*p == '0') {
    p++;
  } else {
    const Bytes digits = p;
    p = PassDigits(p, end);
    if (p == digits) return nullptr;
  }
  if (EndsScalar(p, end)) return p;
  if (*p == '.') {
    const Bytes digits = ++p;
    p = PassDigits(p, end);
    if (p == digits) return nullptr;
  }
  // 0x20 maps E to e and no other byte onto it.
  if (p != end && (*p | 0x20) == 'e') {
    p++;
    if (p != end && (*p == '+' || *p == '-')) p++;
    const Bytes digits = p;
    p = PassDigits(p, end);
    if (p == digits) return nullptr;
  }
  return EndsScalar(p, end) ? p : nullptr;
}

template <size_t N>
AIRS_INLINE Bytes PassWord(Bytes p, Bytes end, const char (&word)[N]) noexcept {
  constexpr size_t length = N - 1;
  if (static_cast<size_t>(end - p) < length || std::memcmp(p, word, length) != 0) return nullptr;
  return EndsScalar(p + length, end) ? p + length : nullptr;
}

// The position after the number or literal at `p`, or null where that is malformed.
AIRS_INLINE Bytes PassScalar(Bytes p, Bytes end) noexcept {
  switch (*p) {
    case 't':
      return PassWord(p, end, "true");
    case 'f':
      return PassWord(p, end, "false");
    case 'n':
      return PassWord(p, end, "null");
    default:
      return PassNumber(p, end);
  }
}

// The position after a scalar of any content; null where a quote stands right behind it.
inline Bytes PassLooseScalar(Bytes p, Bytes end) noexcept {
  while (p != end && !Is(*p, kSpace | kOperator | kQuote)) p++;
  return p != end && *p == '"' ? nullptr : p;
}

}  // namespace airs
