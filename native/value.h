// Passing a whole value that nobody looks into.
#pragma once

#include "nesting.h"
#include "tokens.h"

namespace airs {

// What every part of one walk shares.
struct Walk {
  TokenStream& stream;
  Nesting& nesting;
  // The byte that offset 0 stands for.
  Bytes origin;
  // The end of the frame: no byte from here on belongs to it.
  Bytes end;
  // The end of what may be read.
  Bytes readable_end;
  // Whether the frame may hold backslashes.
  bool may_escape;
};

// Passes the container whose bracket, at `open`, was taken; returns its closing bracket, or null for
// malformed text. Strict accepts JSON's grammar and nothing else (escapes aside: they are checked window by
// window); otherwise brackets are counted.
template <bool Strict>
Bytes PassContainer(Cursor& cursor, Walk& walk, Bytes open) noexcept;

// Passes the scalar or string at `token`; returns a position in it or at its end, or null for malformed
// text. Scalars are checked to the end where `Checked`; strings never are.
template <bool Checked>
AIRS_INLINE Bytes PassPlain(Bytes token, Bytes end) noexcept {
  if (*token == '"') return token;
  if constexpr (Checked) return PassScalar(token, end);
  const Bytes scalar_end = PassLooseScalar(token, end);
  return scalar_end == token ? nullptr : scalar_end;
}

}  // namespace airs
