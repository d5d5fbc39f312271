#include "scan.h"

#include <algorithm>

#include "escape.h"

namespace airs {
namespace {

constexpr size_t kFullSpan = size_t{64} << 10;
// After a window with a bad line the next is this much smaller, so that one bad line costs little beyond
// itself; after a good one it is this much larger.
constexpr size_t kSpanFactor = 8;
// What a window is worth to a table that is nearly full: lines are taken to have this many bytes.
constexpr size_t kExpectedLine = 128;
constexpr size_t kLeastSpan = size_t{4} << 10;
// The windows of a frame that is too long to share one: long enough to make their cuts rare, and short enough not to
// be indexed in vain where most of the frame is one string.
constexpr size_t kCutWindow = size_t{32} << 10;
// Bytes per token above which line feeds are looked for between the tokens, not in the text.
constexpr size_t kSparse = 128;

AIRS_INLINE Bytes Find(Bytes begin, Bytes end, uint8_t byte) noexcept {
  return static_cast<Bytes>(std::memchr(begin, byte, static_cast<size_t>(end - begin)));
}

AIRS_INLINE Bytes FindOrEnd(Bytes begin, Bytes end, uint8_t byte) noexcept {
  const Bytes found = Find(begin, end, byte);
  return found == nullptr ? end : found;
}

}  // namespace

Scanner::Scanner(size_t max_window) noexcept
    : max_window_(max_window), full_span_(std::min(max_window, kFullSpan)), span_(full_span_) {}

Status Scanner::Scan(Bytes bytes, int32_t* table, uint32_t room) noexcept {
  const auto control = reinterpret_cast<Control*>(table);
  bytes_ = bytes;
  records_ = reinterpret_cast<Record*>(table) + 1;
  room_ = room;
  max_message_ = static_cast<size_t>(control->max_message);
  max_batch_ = static_cast<uint32_t>(control->max_batch);
  at_ = bytes + control->start;
  search_ = bytes + control->search;
  count_ = 0;
  pending_ = 0;
  const bool whole = (control->flags & kWhole) != 0;
  const Bytes end = bytes + control->end;
  const Step step = (control->flags & kStrict) != 0 ? Run<true>(whole, end) : Run<false>(whole, end);
  nesting_.Trim();
  if (step == Step::kOutOfMemory) return Status::kOutOfMemory;
  control->count = static_cast<int32_t>(count_);
  control->consumed = static_cast<int32_t>(at_ - bytes);
  control->more = 0;
  if (step == Step::kFull) control->more = count_ == 0 ? static_cast<int32_t>(pending_) : 1;
  return Status::kOk;
}

template <bool Strict>
Scanner::Step Scanner::Run(bool whole, Bytes end) noexcept {
  if (!whole) {
    const Bytes last = LastOf(search_, end, '\n');
    return last == nullptr ? Step::kNext : Lines<Strict>(last + 1);
  }
  const bool too_long = static_cast<size_t>(end - at_) > max_message_;
  const Step step = too_long ? Reject(end, FrameStatus::kTooLarge) : One<Strict>(end);
  if (step == Step::kNext) at_ = end;
  return step;
}

// Scans the lines up to `stop`, which is behind a line feed.
template <bool Strict>
Scanner::Step Scanner::Lines(Bytes stop) noexcept {
  Step step = Step::kNext;
  while (step == Step::kNext && at_ != stop) {
    if (count_ == room_) return Step::kFull;
    const Bytes end = WindowEnd(stop);
    if (end != nullptr) {
      step = Window<Strict>(end);
      continue;
    }
    const Bytes line_feed = Find(std::max(at_, search_), stop, '\n');
    step = IsTooLong(line_feed) ? Reject(line_feed, FrameStatus::kTooLarge) : One<Strict>(line_feed);
    if (step == Step::kNext) at_ = line_feed + 1;
  }
  return step;
}

// The end of the next window of whole lines, or null where the next line is too long to share one.
Bytes Scanner::WindowEnd(Bytes stop) const noexcept {
  const auto left = static_cast<size_t>(stop - at_);
  const size_t span = std::min(span_, std::max(kLeastSpan, (room_ - count_) * kExpectedLine));
  if (left <= span) return stop;
  const Bytes near = at_ + span;
  const Bytes last = search_ < near ? LastOf(std::max(at_, search_), near, '\n') : nullptr;
  if (last != nullptr) return last + 1;
  if (span_ == full_span_) return nullptr;
  // A window that failed must shrink down to its first line.
  const Bytes line_feed = Find(std::max(near, search_), stop, '\n');
  return static_cast<size_t>(line_feed - at_) < full_span_ ? line_feed + 1 : nullptr;
}

// Scans the lines of the window [at_, end), or none where one of several is bad: then the next window is smaller.
template <bool Strict>
Scanner::Step Scanner::Window(Bytes end) noexcept {
  const auto length = static_cast<size_t>(end - at_);
  if (!stream_.Reserve(length)) return Step::kOutOfMemory;
  if (AIRS_LIKELY(stream_.Index(at_, end) == Built::kOk)) {
    if (AIRS_UNLIKELY(span_ != full_span_)) span_ = std::min(full_span_, span_ * kSpanFactor);
    return WindowLines<Strict>(end);
  }
  const Bytes line_feed = Find(at_, end, '\n');
  if (line_feed + 1 != end) {
    span_ = std::max<size_t>(1, std::min(span_, length) / kSpanFactor);
    return Step::kNext;
  }
  const Step step = IsTooLong(line_feed) ? Reject(line_feed, FrameStatus::kTooLarge) : RejectMalformed(line_feed);
  at_ = end;
  return step;
}

template <bool Strict>
Scanner::Step Scanner::WindowLines(Bytes end) noexcept {
  Cursor cursor = stream_.first();
  const bool sparse = static_cast<size_t>(end - at_) > kSparse * stream_.count();
  // Where nothing is strict, backslashes are not worth the search through long strings.
  const bool search = Strict || !sparse;
  Bytes backslash = search ? FindOrEnd(at_, end, '\\') : at_;
  while (at_ != end) {
    if (AIRS_UNLIKELY(count_ == room_)) return Step::kFull;
    const Bytes line_feed = LineEnd(cursor, end, sparse);
    cursor.limit = static_cast<size_t>(line_feed - cursor.base);
    bool good = true;
    const bool may_escape = backslash < line_feed;
    if (search && AIRS_UNLIKELY(may_escape)) {
      if (Strict) good = EscapesAreValid(backslash, line_feed);
      backslash = FindOrEnd(line_feed, end, '\\');
    }
    Step step;
    if (AIRS_UNLIKELY(IsTooLong(line_feed))) {
      step = Reject(line_feed, FrameStatus::kTooLarge);
    } else if (AIRS_UNLIKELY(!good)) {
      step = RejectMalformed(line_feed);
    } else {
      Walk walk{stream_, nesting_, bytes_, line_feed, end, may_escape};
      step = Frame<Strict>(cursor, walk);
    }
    if (AIRS_UNLIKELY(step != Step::kNext)) return step;
    // A bad line leaves tokens behind.
    while (*cursor.next < cursor.limit) cursor.next++;
    at_ = line_feed + 1;
  }
  return Step::kNext;
}

// The line feed that ends the line at at_, whose first token, if it has any, is at `cursor`.
AIRS_INLINE Bytes Scanner::LineEnd(const Cursor& cursor, Bytes end, bool sparse) const noexcept {
  if (AIRS_LIKELY(!sparse)) return Find(at_, end, '\n');
  Bytes p = at_;
  while (Is(*p, kSpace)) {
    if (*p == '\n') return p;
    p++;
  }
  // No string of an indexed text holds a line feed, so it can only be in the white space before a token.
  const auto length = static_cast<uint32_t>(end - cursor.base);
  for (const uint32_t* token = cursor.next;; token++) {
    const Bytes gap_end = cursor.base + std::min(*token, length);
    Bytes line_feed = nullptr;
    for (Bytes space = gap_end; space - 1 > p && Is(space[-1], kSpace); space--) {
      if (space[-1] == '\n') line_feed = space - 1;
    }
    if (line_feed != nullptr) return line_feed;
  }
}

// Scans [at_, end) as one frame of any length.
template <bool Strict>
Scanner::Step Scanner::One(Bytes end) noexcept {
  const auto length = static_cast<size_t>(end - at_);
  const size_t window = std::min(length, std::min(kCutWindow, max_window_));
  if (!stream_.Reserve(window)) return Step::kOutOfMemory;
  stream_.Open(at_, end, window, Strict ? Trust::kNone : Trust::kEscapes);
  Cursor cursor = stream_.first();
  Walk walk{stream_, nesting_, bytes_, end, end, true};
  return Frame<Strict>(cursor, walk);
}

// Scans the frame [at_, walk.end), whose tokens are at `cursor`.
template <bool Strict>
AIRS_INLINE Scanner::Step Scanner::Frame(Cursor& cursor, Walk& walk) noexcept {
  const Bytes token = Take(cursor, stream_);
  if (AIRS_LIKELY(token != nullptr)) {
    if (AIRS_LIKELY(Top<Strict>(cursor, walk, token) && Take(cursor, stream_) == nullptr && !stream_.failed())) {
      return Commit();
    }
    return RejectMalformed(walk.end);
  }
  if (stream_.failed()) return RejectMalformed(walk.end);
  pending_ = 0;
  return Step::kNext;
}

// Passes the value that is a whole frame and records it; false for malformed text.
template <bool Strict>
AIRS_INLINE bool Scanner::Top(Cursor& cursor, Walk& walk, Bytes token) noexcept {
  pending_ = 1;
  if (AIRS_LIKELY(*token == '{')) {
    return VisitObject<Strict>(cursor, walk, token, 0, At(count_)) != nullptr;
  }
  if (*token == '[') return Batch<Strict>(cursor, walk, token);
  if (PassPlain<true>(token, walk.end) == nullptr) return false;
  const Bytes end = TokenEnd(token, walk.end);
  if (!Strict && !EscapesAreValid(token, end)) return false;
  WriteBare(count_, Kind::kInvalid, token, end, FrameStatus::kNotObject, 0);
  return true;
}

// Passes a batch to its end, recording its members as far as the table has room; false for malformed text.
template <bool Strict>
bool Scanner::Batch(Cursor& cursor, Walk& walk, Bytes open) noexcept {
  Bytes next = Take(cursor, stream_);
  if (next == nullptr) return false;
  if (*next == ']') {
    WriteBare(count_, Kind::kInvalid, open, next + 1, FrameStatus::kEmptyBatch, 0);
    return true;
  }
  uint32_t members = 0;
  for (;;) {
    members++;
    next = Member<Strict>(cursor, walk, next, count_ + members);
    if (next == nullptr) return false;
    if (*next != ',') break;
    if ((next = Take(cursor, stream_)) == nullptr) return false;
  }
  if (*next != ']') return false;
  if (members > max_batch_) {
    WriteBare(count_, Kind::kInvalid, open, next + 1, FrameStatus::kBatchTooLarge, 0);
  } else {
    pending_ = members + 1;
    WriteBare(count_, Kind::kBatch, open, next + 1, FrameStatus::kOk, static_cast<int32_t>(members));
  }
  return true;
}

// Records the member of a batch at `token` in `place`; returns the token behind it, or null for malformed text.
template <bool Strict>
Bytes Scanner::Member(Cursor& cursor, Walk& walk, Bytes token, uint32_t place) noexcept {
  if (*token == '{') {
    const Bytes close = VisitObject<Strict>(cursor, walk, token, 1, At(place));
    return close == nullptr ? nullptr : Take(cursor, stream_);
  }
  const Bytes last = *token == '[' ? PassContainer<Strict>(cursor, walk, token) : PassPlain<true>(token, walk.end);
  if (last == nullptr) return nullptr;
  const Bytes next = Take(cursor, stream_);
  if (next == nullptr) return nullptr;
  const Bytes end = TokenEnd(token, next);
  if (!Strict && *token == '"' && !EscapesAreValid(token, end)) return nullptr;
  WriteBare(place, Kind::kInvalid, token, end, FrameStatus::kNotObject, 1);
  return next;
}

// Keeps the records of the frame at hand if the table has room for all of them.
AIRS_INLINE Scanner::Step Scanner::Commit() noexcept {
  if (AIRS_UNLIKELY(pending_ > room_ - count_)) return Step::kFull;
  count_ += pending_;
  return Step::kNext;
}

bool Scanner::IsTooLong(Bytes line_feed) const noexcept {
  const auto length = static_cast<size_t>(line_feed - at_);
  if (AIRS_LIKELY(length <= max_message_)) return false;
  return length - (line_feed[-1] == '\r' ? 1 : 0) > max_message_;
}

// Makes the frame [at_, end) one INVALID record, whatever was recorded of it before.
Scanner::Step Scanner::Reject(Bytes end, FrameStatus status) noexcept {
  Bytes begin = at_;
  while (begin != end && Is(*begin, kSpace)) begin++;
  while (end != begin && Is(end[-1], kSpace)) end--;
  pending_ = 1;
  WriteBare(count_, Kind::kInvalid, begin, end, status, 0);
  return Commit();
}

Scanner::Step Scanner::RejectMalformed(Bytes end) noexcept {
  if (nesting_.exhausted()) return Step::kOutOfMemory;
  const bool is_utf8 = IsUtf8(at_, static_cast<size_t>(end - at_));
  return Reject(end, is_utf8 ? FrameStatus::kSyntax : FrameStatus::kUtf8);
}

// Writes a record that has no members of an object to tell of.
void Scanner::WriteBare(uint32_t place, Kind kind, Bytes begin, Bytes end, FrameStatus status, int32_t batch) noexcept {
  Record& record = At(place);
  record = {};
  record.kind = kind;
  record.start = static_cast<int32_t>(begin - bytes_);
  record.end = static_cast<int32_t>(end - bytes_);
  record.status = status;
  record.batch = batch;
}

}  // namespace airs
