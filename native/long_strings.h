// Long strings as wholes: where they are in a text, and their contents with and without escapes.
#pragma once

#include "text.h"

namespace airs {

// A string's contents, without its quotes; offsets in the text.
struct LongString {
  int32_t start;
  int32_t end;
  // 1 where it holds a backslash, else 0.
  int32_t is_escaped;
};

// Finds the strings of `least` bytes or more in the JSON text [begin, end) that are values, not keys. The
// text was checked before; of one that is malformed after all, whatever is found lies in it. Gives up, with
// 0, where more than `most_rest` bytes are not in such strings, or there are more of them than `room`.
uint32_t FindLongStrings(Bytes begin, Bytes end, size_t least, size_t most_rest, LongString* found, uint32_t room) noexcept;

// The size of the UTF-8 text [p, end) as a JSON string's contents, escaped as JSON.stringify does.
size_t EscapedSize(Bytes p, Bytes end) noexcept;

// Writes them to `out`, which has room for EscapedSize bytes.
void Escape(Bytes p, Bytes end, uint8_t* out) noexcept;

// Writes what the string contents [p, end) stand for, as UTF-8, to `out`, which has room for as many bytes as
// there are contents. Returns how many were written; -1 for an invalid escape, or half a surrogate pair, which
// has no UTF-8.
ptrdiff_t Unescape(Bytes p, Bytes end, uint8_t* out) noexcept;

}  // namespace airs
