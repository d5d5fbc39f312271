#include "envelope.h"

#include "escape.h"

namespace airs {
namespace {

int32_t HashOf(Span text) noexcept {
  uint32_t hash = 0x811c9dc5;
  for (Bytes p = text.begin; p != text.end; p++) hash = (hash ^ *p) * 0x01000193;
  return static_cast<int32_t>(hash);
}

// Whether the valid JSON number `token` is a canonical integer of 32 bits, which is then in `value`.
AIRS_INLINE bool ParseInt32(Span token, int32_t& value) noexcept {
  constexpr ptrdiff_t kLongest = sizeof("-2147483648") - 1;
  const bool negative = *token.begin == '-';
  if (token.end - token.begin > kLongest) return false;
  int64_t magnitude = 0;
  for (Bytes p = token.begin + negative; p != token.end; p++) {
    if (!IsDigit(*p)) return false;
    magnitude = magnitude * 10 + (*p - '0');
  }
  if (negative && magnitude == 0) return false;
  const int64_t number = negative ? -magnitude : magnitude;
  if (number < INT32_MIN || number > INT32_MAX) return false;
  value = static_cast<int32_t>(number);
  return true;
}

enum class Key : uint8_t { kOther, kVersion, kId, kMethod, kParams, kResult, kError, kMalformed };

// The eight bytes at `p`, zeros for those past what may be read.
AIRS_INLINE uint64_t LoadHead(const Walk& walk, Bytes p) noexcept {
  const ptrdiff_t left = walk.readable_end - p;
  if (AIRS_LIKELY(left >= 8)) return Load8(p);
  uint8_t bytes[8] = {};
  std::memcpy(bytes, p, static_cast<size_t>(left));
  return Load8(bytes);
}

AIRS_COLD Key EscapedKeyOf(Bytes key, Bytes end) noexcept {
  if (!EscapesAreValid(key, end)) return Key::kMalformed;
  struct Name {
    const char* text;
    Key key;
  };
  constexpr Name kNames[] = {{"jsonrpc", Key::kVersion}, {"id", Key::kId},         {"method", Key::kMethod},
                             {"params", Key::kParams},   {"result", Key::kResult}, {"error", Key::kError}};
  for (const Name& name : kNames) {
    if (DecodedEquals(key, end, reinterpret_cast<Bytes>(name.text), std::strlen(name.text))) return name.key;
  }
  return Key::kOther;
}

// Which key the string at `quote` is; `colon` is the token behind it. A key's closing quote is compared
// along with its letters, so its length need not be known.
AIRS_INLINE Key KeyOf(const Walk& walk, Bytes quote, Bytes colon) noexcept {
  const uint64_t head = LoadHead(walk, quote + 1);
  if (Word("jsonrpc\"").Begins(head)) return Key::kVersion;
  if (Word("id\"").Begins(head)) return Key::kId;
  if (Word("method\"").Begins(head)) return Key::kMethod;
  if (Word("params\"").Begins(head)) return Key::kParams;
  if (Word("result\"").Begins(head)) return Key::kResult;
  if (Word("error\"").Begins(head)) return Key::kError;
  if (AIRS_LIKELY(!walk.may_escape)) return Key::kOther;
  const Bytes end = TokenEnd(quote, colon) - 1;
  return HasBackslash(quote + 1, end) ? EscapedKeyOf(quote + 1, end) : Key::kOther;
}

// Passes the value at `value` to the token behind it, or null. Scalars are checked where `Checked`.
template <bool Strict, bool Checked>
AIRS_INLINE Bytes PassValue(Cursor& cursor, Walk& walk, Bytes value) noexcept {
  const bool is_container = *value == '{' || *value == '[';
  const Bytes last = is_container ? PassContainer<Strict>(cursor, walk, value) : PassPlain<Checked>(value, walk.end);
  return last == nullptr ? nullptr : Take(cursor, walk.stream);
}

// Whether the string [text.begin, text.end) may be taken as it is. In strict mode the escapes of a frame
// were checked together.
template <bool Strict>
AIRS_INLINE bool IsSound(const Walk& walk, Span text) noexcept {
  return Strict || !walk.may_escape || EscapesAreValid(text.begin, text.end);
}

// The value of the integer from 1 to 999999999 that is the scalar at `p`; 0 where that is anything else.
AIRS_INLINE int32_t ShortInt(Bytes p, Bytes end) noexcept {
  if (*p == '0' || !IsDigit(*p)) return 0;
  int32_t value = 0;
  const Bytes limit = end - p > 9 ? p + 9 : end;
  do {
    value = value * 10 + (*p++ - '0');
  } while (p != limit && IsDigit(*p));
  return EndsScalar(p, end) ? value : 0;
}

}  // namespace

AIRS_INLINE void Envelope::Clear(Bytes origin) noexcept {
  const Span absent{origin, origin};
  origin_ = origin;
  version_ = id_ = method_ = Presence::kAbsent;
  id_type_ = IdType::kNone;
  id_value_ = 0;
  flags_ = 0;
  id_span_ = method_span_ = params_ = result_ = error_ = absent;
}

template <bool Strict>
AIRS_INLINE Bytes Envelope::VisitVersion(Cursor& cursor, Walk& walk, Bytes value) noexcept {
  version_ = Presence::kRight;
  if (AIRS_LIKELY(Word("\"2.0\"").Begins(LoadHead(walk, value)))) return Take(cursor, walk.stream);
  version_ = Presence::kWrong;
  const Bytes next = PassValue<Strict, true>(cursor, walk, value);
  if (next == nullptr || *value != '"' || !walk.may_escape) return next;
  const Span text{value + 1, TokenEnd(value, next) - 1};
  if (!IsSound<Strict>(walk, text)) return nullptr;
  if (DecodedEquals(text.begin, text.end, reinterpret_cast<Bytes>("2.0"), 3)) version_ = Presence::kRight;
  return next;
}

template <bool Strict>
AIRS_INLINE Bytes Envelope::VisitId(Cursor& cursor, Walk& walk, Bytes value) noexcept {
  id_ = Presence::kRight;
  id_type_ = IdType::kInt32;
  flags_ &= ~kIdEscaped;
  id_value_ = ShortInt(value, walk.end);
  const Bytes next = AIRS_LIKELY(id_value_ != 0) ? Take(cursor, walk.stream) : PassValue<Strict, true>(cursor, walk, value);
  if (next == nullptr) return nullptr;
  id_span_ = {value, TokenEnd(value, next)};
  if (AIRS_LIKELY(id_value_ != 0)) return next;

  const uint8_t first = *value;
  if (first == '"') {
    id_type_ = IdType::kString;
    if (!IsSound<Strict>(walk, id_span_)) return nullptr;
    if (walk.may_escape && HasBackslash(id_span_.begin, id_span_.end)) flags_ |= kIdEscaped;
  } else if (first == '-' || IsDigit(first)) {
    id_type_ = ParseInt32(id_span_, id_value_) ? IdType::kInt32 : IdType::kNumber;
  } else if (first == 'n') {
    id_type_ = IdType::kNull;
  } else {
    id_ = Presence::kWrong;
    id_type_ = IdType::kNone;
    id_span_ = {origin_, origin_};
  }
  return next;
}

template <bool Strict>
AIRS_INLINE Bytes Envelope::VisitMethod(Cursor& cursor, Walk& walk, Bytes value) noexcept {
  method_ = Presence::kWrong;
  method_span_ = {origin_, origin_};
  flags_ &= ~kMethodEscaped;
  if (AIRS_UNLIKELY(*value != '"')) return PassValue<Strict, true>(cursor, walk, value);
  const Bytes next = Take(cursor, walk.stream);
  if (next == nullptr) return nullptr;
  method_ = Presence::kRight;
  method_span_ = {value + 1, TokenEnd(value, next) - 1};
  if (!IsSound<Strict>(walk, method_span_)) return nullptr;
  if (walk.may_escape && HasBackslash(method_span_.begin, method_span_.end)) flags_ |= kMethodEscaped;
  return next;
}

template <bool Strict>
Bytes Envelope::Visit(Cursor& cursor, Walk& walk) noexcept {
  Clear(walk.origin);
  Cursor c = cursor;
  Bytes next = Take(c, walk.stream);
  if (next == nullptr) return nullptr;
  const bool is_empty = *next == '}';
  while (!is_empty) {
    if (*next != '"') return nullptr;
    const Bytes colon = Take(c, walk.stream);
    if (colon == nullptr || *colon != ':') return nullptr;
    const Key key = KeyOf(walk, next, colon);
    const Bytes value = Take(c, walk.stream);
    if (value == nullptr || key == Key::kMalformed) return nullptr;
    switch (key) {
      case Key::kVersion:
        next = VisitVersion<Strict>(c, walk, value);
        break;
      case Key::kId:
        next = VisitId<Strict>(c, walk, value);
        break;
      case Key::kMethod:
        next = VisitMethod<Strict>(c, walk, value);
        break;
      default:
        next = PassValue<Strict, Strict>(c, walk, value);
        if (next == nullptr) return nullptr;
        if (key == Key::kParams) params_ = {value, TokenEnd(value, next)};
        if (key == Key::kResult) result_ = {value, TokenEnd(value, next)};
        if (key == Key::kError) error_ = {value, TokenEnd(value, next)};
    }
    if (next == nullptr) return nullptr;
    if (*next != ',') break;
    if ((next = Take(c, walk.stream)) == nullptr) return nullptr;
  }
  cursor = c;
  return *next == '}' ? next : nullptr;
}

template Bytes Envelope::Visit<true>(Cursor&, Walk&) noexcept;
template Bytes Envelope::Visit<false>(Cursor&, Walk&) noexcept;

// The first rule broken, in the order of FrameStatus.
AIRS_INLINE FrameStatus Envelope::Judge() const noexcept {
  const bool called = method_ != Presence::kAbsent;
  if (version_ != Presence::kRight) return FrameStatus::kBadVersion;
  if (id_ == Presence::kWrong) return FrameStatus::kBadId;
  if (method_ == Presence::kWrong) return FrameStatus::kBadMethod;
  if (called && (has_result() || has_error())) return FrameStatus::kCallAndAnswer;
  if (called) {
    if (!has_params()) return FrameStatus::kOk;
    const uint8_t first = *params_.begin;
    return first == '{' || first == '[' || first == 'n' ? FrameStatus::kOk : FrameStatus::kBadParams;
  }
  if (has_result() && has_error()) return FrameStatus::kResultAndError;
  if (has_result()) return id_ == Presence::kAbsent ? FrameStatus::kMissingId : FrameStatus::kOk;
  if (has_error()) return *error_.begin == '{' ? FrameStatus::kOk : FrameStatus::kBadError;
  return FrameStatus::kNoMethod;
}

// The kind of an object that breaks no rule.
AIRS_INLINE Kind Envelope::KindOf() const noexcept {
  if (method_ == Presence::kAbsent) return has_result() ? Kind::kResponse : Kind::kError;
  return id_ == Presence::kAbsent ? Kind::kNotification : Kind::kRequest;
}

void Envelope::Write(Record& record, Bytes begin, Bytes end, int32_t batch) const noexcept {
  const auto offset = [this](Bytes p) noexcept { return static_cast<int32_t>(p - origin_); };
  const FrameStatus status = Judge();
  const Span payload = method_ != Presence::kAbsent ? params_ : has_result() ? result_ : error_;
  record.kind = status == FrameStatus::kOk ? KindOf() : Kind::kInvalid;
  record.flags = flags_;
  record.start = offset(begin);
  record.end = offset(end);
  record.id_type = id_type_;
  record.id_value = id_value_;
  record.id_start = offset(id_span_.begin);
  record.id_end = offset(id_span_.end);
  record.method_start = offset(method_span_.begin);
  record.method_end = offset(method_span_.end);
  record.method_hash = method_ == Presence::kRight ? HashOf(method_span_) : 0;
  record.payload_start = offset(payload.begin);
  record.payload_end = offset(payload.end);
  record.status = status;
  record.batch = batch;
  record.reserved = 0;
}

}  // namespace airs
