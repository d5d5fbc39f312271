#include "value.h"

namespace airs {
namespace {

constexpr uint32_t kWordBits = 64;

// The kinds of the open containers, innermost in bit 0 of a register.
struct Kinds {
  uint64_t word = 0;
  uint32_t depth = 0;

  AIRS_INLINE bool Enter(Nesting& nesting, bool is_object) noexcept {
    if (AIRS_UNLIKELY((depth & (kWordBits - 1)) == 0 && depth != 0) && !nesting.Push(word)) return false;
    word = word << 1 | static_cast<uint64_t>(is_object);
    depth++;
    return true;
  }

  // Leaves the innermost container, one inside another.
  AIRS_INLINE void Leave(Nesting& nesting) noexcept {
    depth--;
    word = AIRS_UNLIKELY((depth & (kWordBits - 1)) == 0) ? nesting.Pop() : word >> 1;
  }

  AIRS_INLINE bool in_object() const noexcept { return (word & 1) != 0; }
};

}  // namespace

template <>
Bytes PassContainer<false>(Cursor& cursor, Walk& walk, Bytes) noexcept {
  Cursor c = cursor;
  for (uint64_t depth = 1; depth != 0;) {
    const Bytes token = Take(c, walk.stream);
    if (token == nullptr) return nullptr;
    if (IsOpening(*token)) depth++;
    if (IsClosing(*token) && --depth == 0) {
      cursor = c;
      return token;
    }
  }
  return nullptr;
}

// A state machine whose state is the place in the code: what may come next differs between objects and
// arrays, so each has its own copy of the states, which predicts better than one with conditions. Where the tokens
// up to the next member's first are all in the window, as they nearly always are, one comparison serves them.
template <>
Bytes PassContainer<true>(Cursor& cursor, Walk& walk, Bytes open) noexcept {
  Cursor c = cursor;
  TokenStream& stream = walk.stream;
  const Bytes end = walk.end;
  Kinds kinds;
  Bytes p = open;
  walk.nesting.Clear();

  if (!kinds.Enter(walk.nesting, *p == '{')) return nullptr;
  if (*p == '[') goto array_begin;

object_begin:
  if ((p = Take(c, stream)) == nullptr) return nullptr;
  if (*p == '}') goto leave;
object_key:
  if (*p != '"') return nullptr;
  if (AIRS_LIKELY(c.next[3] < c.limit)) {
    if (c.base[c.next[0]] != ':') return nullptr;
    p = c.base + c.next[1];
    if (*p != '"') {
      if (IsOpening(*p)) {
        c.next += 2;
        goto object_enter;
      }
      if (PassScalar(p, end) == nullptr) return nullptr;
    }
    p = c.base + c.next[2];
    if (AIRS_LIKELY(*p == ',')) {
      p = c.base + c.next[3];
      c.next += 4;
      goto object_key;
    }
    c.next += 3;
    if (*p != '}') return nullptr;
    goto leave;
  }
  if ((p = Take(c, stream)) == nullptr || *p != ':') return nullptr;
  if ((p = Take(c, stream)) == nullptr) return nullptr;
  if (IsOpening(*p)) {
object_enter:
    const bool is_object = *p == '{';
    if (!kinds.Enter(walk.nesting, is_object)) return nullptr;
    if (is_object) goto object_begin;
    goto array_begin;
  }
  if (*p != '"' && PassScalar(p, end) == nullptr) return nullptr;
object_next:
  if ((p = Take(c, stream)) == nullptr) return nullptr;
  if (*p == ',') {
    if ((p = Take(c, stream)) == nullptr) return nullptr;
    goto object_key;
  }
  if (*p != '}') return nullptr;
  goto leave;

array_begin:
  if ((p = Take(c, stream)) == nullptr) return nullptr;
  if (*p == ']') goto leave;
array_value:
  if (*p != '"') {
    if (IsOpening(*p)) goto object_enter;
    if (PassScalar(p, end) == nullptr) return nullptr;
  }
  if (AIRS_LIKELY(c.next[1] < c.limit)) {
    p = c.base + c.next[0];
    if (*p == ',') {
      p = c.base + c.next[1];
      c.next += 2;
      goto array_value;
    }
    c.next++;
    if (*p != ']') return nullptr;
    goto leave;
  }
array_next:
  if ((p = Take(c, stream)) == nullptr) return nullptr;
  if (*p == ',') {
    if ((p = Take(c, stream)) == nullptr) return nullptr;
    goto array_value;
  }
  if (*p != ']') return nullptr;

leave:
  if (kinds.depth == 1) {
    cursor = c;
    return p;
  }
  kinds.Leave(walk.nesting);
  if (kinds.in_object()) goto object_next;
  goto array_next;
}

}  // namespace airs
