#include "tokens.h"

#include <algorithm>
#include <iterator>

#include "escape.h"
#include "plain_text.h"
#include "string_end.h"

namespace airs {
namespace {

// Bytes of a long string that are looked at together.
constexpr ptrdiff_t kPiece = ptrdiff_t{16} << 10;
// Bytes before a cut in which a better place for it is looked for.
constexpr ptrdiff_t kNear = 256;

// Whether the quote at `quote` is escaped, in a text that begins outside an escape at `begin`.
bool IsEscaped(Bytes begin, Bytes quote) noexcept {
  Bytes p = quote;
  while (p != begin && p[-1] == '\\') p--;
  return ((quote - p) & 1) != 0;
}

Bytes LastQuote(Bytes begin, Bytes end) noexcept {
  Bytes quote = LastOf(begin, end, '"');
  while (quote != nullptr && IsEscaped(begin, quote)) quote = LastOf(begin, quote, '"');
  return quote;
}

// Without a branch in the loop, so that the compiler vectorises it.
bool HasControl(Bytes p, Bytes end) noexcept {
  uint8_t control = 0;
  for (; p != end; p++) control |= static_cast<uint8_t>(*p < 0x20);
  return control != 0;
}

// A place near `cut` that is not in a string, as far as the last quote before it shows. Wherever else a cut may be, in a
// string it makes the window be indexed twice.
Bytes LikelyCut(Bytes begin, Bytes cut) noexcept {
  const Bytes quote = LastOf(cut - begin > kNear ? cut - kNear : begin, cut, '"');
  if (quote == nullptr || quote == begin || quote + 1 == cut) return cut;
  return Is(quote[1], kSpace | kOperator) ? quote + 1 : quote;
}

// The nearest character boundary at or before `cut`. Where there is none, the text is not UTF-8 anyway.
Bytes CharBoundary(Bytes cut) noexcept {
  for (int n = 0; n < 3; n++) {
    if ((cut[-n] & 0xc0) != 0x80) return cut - n;
  }
  return cut - 3;
}

}  // namespace

Bytes LastOf(Bytes begin, Bytes end, uint8_t byte) noexcept {
  if (begin == end) return nullptr;
#if defined(__GLIBC__)
  return static_cast<Bytes>(memrchr(begin, byte, static_cast<size_t>(end - begin)));
#else
  const uint64_t pattern = 0x0101010101010101u * byte;
  while (end - begin >= 8) {
    uint64_t word;
    std::memcpy(&word, end - 8, 8);
    word ^= pattern;
    // Not zero where a byte of `word` is; where exactly is found below.
    if (((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) != 0) break;
    end -= 8;
  }
  while (end != begin) {
    if (*--end == byte) return end;
  }
  return nullptr;
#endif
}

Built TokenStream::Index(Bytes begin, Bytes end) noexcept {
  at_ = end_ = nullptr;
  failed_ = false;
  const auto length = static_cast<uint32_t>(end - begin);
  const Built built = index_.Build(begin, length);
  first_ = {index_.tokens(), begin, length};
  return built;
}

void TokenStream::Open(Bytes begin, Bytes end, size_t window, Trust trust) noexcept {
  at_ = begin;
  end_ = end;
  window_ = window;
  trust_ = trust;
  at_string_ = false;
  failed_ = false;
  Refill();
}

void TokenStream::Refill() noexcept {
  while (at_ != end_) {
    if (!NextWindow()) {
      failed_ = true;
      at_ = end_;
      break;
    }
    if (*first_.next < first_.limit) return;
  }
  OneToken(end_, end_);
}

// Moves at_ behind the next window, whose tokens are in first_ afterwards; false for malformed text.
bool TokenStream::NextWindow() noexcept {
  if (at_string_) return LongString();
  const auto left = static_cast<size_t>(end_ - at_);
  Bytes cut = end_;
  if (left > window_) cut = trust_ == Trust::kAll ? at_ + window_ : LikelyCut(at_, at_ + window_);
  if (cut != end_) cut = CharBoundary(cut);
  const auto length = static_cast<uint32_t>(cut - at_);
  const Built built = index_.Build(at_, length);
  first_ = {index_.tokens(), at_, length};
  if (built == Built::kMalformed) return false;
  if (built == Built::kUnclosed) return cut != end_ && CutInString(cut);
  return CutBehind(cut);
}

// Ends the window that begins at at_ before the string that `cut` is in.
bool TokenStream::CutInString(Bytes cut) noexcept {
  const Bytes quote = LastQuote(at_, cut);
  // A quote right behind a scalar has no entry in the index; no text is valid with one.
  if (quote == nullptr || (quote != at_ && !Is(quote[-1], kSpace | kOperator))) return false;
  if (quote == at_) return LongString();
  first_.limit = static_cast<size_t>(quote - at_);
  if (trust_ != Trust::kAll) {
    // An unclosed string hides all else that is wrong, so the rest is indexed again without it.
    if (index_.Build(at_, static_cast<uint32_t>(first_.limit)) != Built::kOk) return false;
    if (trust_ == Trust::kNone && !EscapesAreValid(at_, quote)) return false;
  }
  at_ = quote;
  at_string_ = true;
  return true;
}

// Ends the window that begins at at_ at `cut`, or before the scalar that may go on there.
bool TokenStream::CutBehind(Bytes cut) noexcept {
  Bytes next = cut;
  const uint32_t count = index_.count();
  if (cut != end_ && count > 0) {
    const uint32_t last = index_.tokens()[count - 1];
    const bool is_scalar = !Is(at_[last], kOperator | kQuote);
    if (is_scalar && !Is(cut[-1], kSpace)) {
      if (last == 0) {
        while (next != end_ && !Is(*next, kSpace | kOperator)) next++;
        OneToken(at_, next);
      } else {
        next = at_ + last;
        first_.limit = last;
      }
    }
  }
  if (trust_ == Trust::kNone && !EscapesAreValid(at_, next)) return false;
  at_ = next;
  return true;
}

// Makes the string at at_ a window of its own.
bool TokenStream::LongString() noexcept {
  at_string_ = false;
  const Bytes begin = trust_ == Trust::kAll ? at_ + 1 : PassPlainText(at_ + 1, end_);
  StringEnd string;
  Bytes quote = begin != end_ && *begin == '"' ? begin : nullptr;
  // In pieces, so that what one pass over a piece loads is still near for the next.
  for (Bytes p = begin, piece_end; quote == nullptr; p = piece_end) {
    if (p == end_) return false;
    piece_end = end_ - p <= kPiece ? end_ : CharBoundary(p + kPiece);
    quote = string.Find(p, piece_end);
    if (trust_ == Trust::kAll) continue;
    const Bytes stop = quote == nullptr ? piece_end : quote;
    if (HasControl(p, stop) || !IsUtf8(p, static_cast<size_t>(stop - p))) return false;
  }
  if (trust_ == Trust::kNone && string.has_backslash() && !EscapesAreValid(begin, quote)) return false;
  OneToken(at_, quote + 1);
  at_ = quote + 1;
  return true;
}

void TokenStream::OneToken(Bytes token, Bytes end) noexcept {
  std::fill(std::begin(one_token_), std::end(one_token_), UINT32_MAX);
  if (token != end) one_token_[0] = 0;
  first_ = {one_token_, token, static_cast<size_t>(end - token)};
}

}  // namespace airs
