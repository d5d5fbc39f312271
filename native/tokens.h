// The tokens of a text in order, whatever its length: the walks above this file know nothing of windows.
#pragma once

#include "structure.h"

namespace airs {

// A place in the index of one window. Walks copy it into registers, and hand out the address of a copy only: with their
// own in memory it would be read as a vector right after a part of it was written, for which the processor waits.
struct Cursor {
  const uint32_t* next;
  Bytes base;
  // Offsets from here on lie behind the frame, or the window.
  size_t limit;
};

// How far the bytes are trusted.
enum class Trust {
  // Everything is checked, escapes too.
  kNone,
  // Escapes are left to whoever visits a string.
  kEscapes,
  // The text was checked before, so long strings are searched for their end only.
  kAll,
};

// Indexes either several frames at once (Index) or one text of any length, window by window (Open).
//
//     ... window n ...          | window n+1 ...
//     {"a":[1,2,"long str       |               cut inside a string: window n ends before its quote,
//              ^ n ends here    |               and the string is a window of its own
//     {"a":[1,2,31              | 4159]}        cut inside a scalar: it opens window n+1
class TokenStream {
 public:
  // Makes room for windows of `bytes` bytes, at most StructureIndex::kMaxWindow; false when memory ran out.
  [[nodiscard]] bool Reserve(size_t bytes) noexcept { return index_.Reserve(bytes); }

  // Indexes [begin, end), reserved before, as one window.
  Built Index(Bytes begin, Bytes end) noexcept;

  // Begins the text [begin, end), in windows of at most `window` bytes, 8 or more, reserved before. A text
  // that is malformed from the start has no tokens.
  void Open(Bytes begin, Bytes end, size_t window, Trust trust) noexcept;

  // The first token of what was indexed or opened last.
  const Cursor& first() const noexcept { return first_; }
  uint32_t count() const noexcept { return index_.count(); }

  // Whether windows follow; only after Open.
  bool more() const noexcept { return at_ != end_; }
  // The text of the windows that follow: it begins outside any string, or at a string's quote.
  Bytes rest() const noexcept { return at_; }
  Bytes end() const noexcept { return end_; }
  // Goes on at `p`, in the rest of the text and outside any string; then as Refill.
  void Resume(Bytes p) noexcept {
    at_ = p;
    at_string_ = false;
    Refill();
  }
  // Goes to the next window that has tokens, to its first; where there is none, or it is malformed, to no tokens.
  AIRS_COLD void Refill() noexcept;
  // Whether the text turned out malformed.
  bool failed() const noexcept { return failed_; }

 private:
  bool NextWindow() noexcept;
  bool CutInString(Bytes cut) noexcept;
  bool CutBehind(Bytes cut) noexcept;
  bool LongString() noexcept;
  // Makes the text [token, end) the window, as one token; an empty one has none.
  void OneToken(Bytes token, Bytes end) noexcept;

  StructureIndex index_;
  Cursor first_{};
  size_t window_ = 0;
  Bytes at_ = nullptr;
  Bytes end_ = nullptr;
  Trust trust_ = Trust::kNone;
  // Whether at_ is the quote of a string that did not end in the window before.
  bool at_string_ = false;
  bool failed_ = false;
  // A window of one token, or of none, with the four entries that end every index.
  uint32_t one_token_[5] = {};
};

// The next token, or null behind the last.
AIRS_INLINE Bytes Take(Cursor& cursor, TokenStream& stream) noexcept {
  uint32_t offset = *cursor.next;
  if (AIRS_UNLIKELY(offset >= cursor.limit)) {
    if (!stream.more()) return nullptr;
    stream.Refill();
    cursor = stream.first();
    offset = *cursor.next;
    if (offset >= cursor.limit) return nullptr;
  }
  cursor.next++;
  return cursor.base + offset;
}

// The next two tokens, of which the second is null behind the last.
struct Pair {
  Bytes first;
  Bytes second;
};

AIRS_INLINE Pair TakeTwo(Cursor& cursor, TokenStream& stream) noexcept {
  // Offsets ascend, so that one comparison serves both.
  if (AIRS_LIKELY(cursor.next[1] < cursor.limit)) {
    cursor.next += 2;
    return {cursor.base + cursor.next[-2], cursor.base + cursor.next[-1]};
  }
  const Bytes first = Take(cursor, stream);
  return {first, first == nullptr ? nullptr : Take(cursor, stream)};
}

// The last `byte` in [begin, end), or null.
Bytes LastOf(Bytes begin, Bytes end, uint8_t byte) noexcept;

}  // namespace airs
