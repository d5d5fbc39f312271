// Backslash escapes in strings: checking and decoding them.
#pragma once

#include "text.h"

namespace airs {

// What stands behind the backslash where the character is escaped, else 0.
inline constexpr std::array<uint8_t, 256> kEscapeOf = [] {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c < 0x20; c++) table[static_cast<size_t>(c)] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

// The character that a backslash and this byte stand for; 0 for `u`, and for what is no escape.
inline constexpr std::array<uint8_t, 256> kEscaped = [] {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < 256; c++) {
    if (kEscapeOf[c] != 0 && kEscapeOf[c] != 'u') table[kEscapeOf[c]] = static_cast<uint8_t>(c);
  }
  table['/'] = '/';
  return table;
}();

// Whether every backslash in [p, end) begins a valid escape. `p` must not be inside an escape; the
// bytes may hold any number of strings.
bool EscapesAreValid(Bytes p, Bytes end) noexcept;

inline bool HasBackslash(Bytes p, Bytes end) noexcept {
  return std::memchr(p, '\\', static_cast<size_t>(end - p)) != nullptr;
}

// Whether the string contents [p, end), decoded, are the `length` bytes at `text`. Lone surrogates
// decode to their three-byte form, which valid UTF-8 never holds. False for invalid escapes.
bool DecodedEquals(Bytes p, Bytes end, Bytes text, size_t length) noexcept;

// Decodes the escape at `p`, whose backslash was passed, into `out`, which has room for 4 bytes. Sets `size` to
// the bytes written and returns the position after the escape, or null for an invalid one. A lone surrogate
// becomes the three-byte form above.
Bytes DecodeEscape(Bytes p, Bytes end, uint8_t* out, size_t& size) noexcept;

// Writes `point` as UTF-8 to `out`, which has room for 4 bytes, and returns the number of bytes; a lone
// surrogate becomes that three-byte form.
size_t EncodeUtf8(uint32_t point, uint8_t* out) noexcept;

}  // namespace airs
