// Backslash escapes in strings: checking and decoding them.
#pragma once

#include "text.h"

namespace airs {

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
