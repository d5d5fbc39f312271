#include "envelope.h"

#include "escape.h"

namespace airs {
namespace {

// Where a token lies; an absent one has no begin.
struct Span {
  Bytes begin = nullptr;
  Bytes end = nullptr;

  bool present() const noexcept { return begin != nullptr; }
};

enum class Presence : uint8_t { kAbsent, kRight, kWrong };

// What was visited of an object and is not in its record. The last of duplicate keys stays.
struct Members {
  Presence version = Presence::kAbsent;
  Presence id = Presence::kAbsent;
  Presence method = Presence::kAbsent;
  Span params;
  Span result;
  Span error;
};

AIRS_INLINE int32_t OffsetOf(const Walk& walk, Bytes p) noexcept { return static_cast<int32_t>(p - walk.origin); }

AIRS_INLINE uint32_t Mixed(uint32_t hash, uint32_t word) noexcept { return (hash ^ word) * 0x9e3779b1u; }

// As contract.ts has it: by words of four bytes, of which the last may repeat bytes of the one before.
AIRS_INLINE int32_t HashOf(Bytes begin, Bytes end) noexcept {
  auto hash = static_cast<uint32_t>(end - begin);
  Bytes p = begin;
  if (AIRS_LIKELY(hash >= 4)) {
    for (; end - p > 4; p += 4) hash = Mixed(hash, Load4(p));
    hash = Mixed(hash, Load4(end - 4));
  } else {
    for (; p != end; p++) hash = Mixed(hash, *p);
  }
  return static_cast<int32_t>(hash ^ hash >> 15);
}

// Whether the valid JSON number `token` is a canonical integer of 32 bits, which is then in `value`.
bool ParseInt32(Span token, int32_t& value) noexcept {
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

constexpr Word kVersionKey("\"jsonrpc");
constexpr Word kIdKey("\"id\"");
constexpr Word kMethodKey("\"method\"");
constexpr Word kParamsKey("\"params\"");
constexpr Word kResultKey("\"result\"");
constexpr Word kErrorKey("\"error\"");
constexpr Word kVersionValue("\"2.0\"");

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
  const uint64_t head = LoadHead(walk, quote);
  if (kParamsKey.Begins(head)) return Key::kParams;
  if (kResultKey.Begins(head)) return Key::kResult;
  if (kErrorKey.Begins(head)) return Key::kError;
  if (kIdKey.Begins(head)) return Key::kId;
  if (kVersionKey.Begins(head) && quote[8] == '"') return Key::kVersion;
  if (kMethodKey.Begins(head)) return Key::kMethod;
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

// The value of the integer from 1 to 999999999 that is the scalar at `p`, and its end; 0 where that is anything else.
AIRS_INLINE int32_t ShortInt(Bytes p, Bytes end, Bytes& int_end) noexcept {
  if (*p == '0' || !IsDigit(*p)) return 0;
  int32_t value = 0;
  const Bytes limit = end - p > 9 ? p + 9 : end;
  do {
    value = value * 10 + (*p++ - '0');
  } while (p != limit && IsDigit(*p));
  int_end = p;
  return EndsScalar(p, end) ? value : 0;
}

// Passes the key at `quote`, whose value is no container, with its value and the comma behind it, where they are a
// version, an id or a method of the common form: all there, without escapes. Returns the next key, or null where not.
AIRS_INLINE Bytes VisitCommon(Cursor& cursor, const Walk& walk, Bytes quote, Members& members, Record& record) noexcept {
  const Bytes value = cursor.base + cursor.next[1];
  const Bytes comma = cursor.base + cursor.next[2];
  if (AIRS_UNLIKELY(cursor.base[cursor.next[0]] != ':' || *comma != ',')) return nullptr;
  // Three tokens follow the key, so that there are eight bytes from it on; and four from the value on, see Load8.
  const uint64_t head = Load8(quote);
  if (kVersionKey.Begins(head) && quote[8] == '"') {
    if (AIRS_UNLIKELY(!kVersionValue.Begins(LoadHead(walk, value)))) return nullptr;
    members.version = Presence::kRight;
  } else if (kIdKey.Begins(head)) {
    Bytes end;
    const int32_t number = ShortInt(value, walk.end, end);
    if (AIRS_UNLIKELY(number == 0)) return nullptr;
    members.id = Presence::kRight;
    record.id_type = IdType::kInt32;
    record.flags &= ~kIdEscaped;
    record.id_value = number;
    record.id_start = OffsetOf(walk, value);
    record.id_end = OffsetOf(walk, end);
  } else if (kMethodKey.Begins(head)) {
    if (AIRS_UNLIKELY(*value != '"' || walk.may_escape)) return nullptr;
    const Bytes end = TokenEnd(value, comma) - 1;
    members.method = Presence::kRight;
    record.method_start = OffsetOf(walk, value + 1);
    record.method_end = OffsetOf(walk, end);
    record.method_hash = HashOf(value + 1, end);
  } else {
    return nullptr;
  }
  const Bytes next = cursor.base + cursor.next[3];
  cursor.next += 4;
  return next;
}

// Each of these passes the value at `value` in any form and keeps what its key is for; returns the token behind, or
// null for malformed text.
template <bool Strict>
Bytes VisitVersion(Cursor& cursor, Walk& walk, Bytes value, Members& members) noexcept {
  members.version = Presence::kWrong;
  const Bytes next = PassValue<Strict, true>(cursor, walk, value);
  if (next == nullptr || *value != '"') return next;
  const Span text{value + 1, TokenEnd(value, next) - 1};
  if (!IsSound<Strict>(walk, text)) return nullptr;
  if (DecodedEquals(text.begin, text.end, reinterpret_cast<Bytes>("2.0"), 3)) members.version = Presence::kRight;
  return next;
}

template <bool Strict>
Bytes VisitId(Cursor& cursor, Walk& walk, Bytes value, Members& members, Record& record) noexcept {
  const Bytes next = PassValue<Strict, true>(cursor, walk, value);
  if (next == nullptr) return nullptr;
  const Span token{value, TokenEnd(value, next)};
  const uint8_t first = *value;
  members.id = Presence::kRight;
  record.flags &= ~kIdEscaped;
  record.id_value = 0;
  record.id_start = OffsetOf(walk, token.begin);
  record.id_end = OffsetOf(walk, token.end);
  if (first == '"') {
    record.id_type = IdType::kString;
    if (!IsSound<Strict>(walk, token)) return nullptr;
    if (walk.may_escape && HasBackslash(token.begin, token.end)) record.flags |= kIdEscaped;
  } else if (first == '-' || IsDigit(first)) {
    record.id_type = ParseInt32(token, record.id_value) ? IdType::kInt32 : IdType::kNumber;
  } else if (first == 'n') {
    record.id_type = IdType::kNull;
  } else {
    members.id = Presence::kWrong;
    record.id_type = IdType::kNone;
    record.id_start = record.id_end = 0;
  }
  return next;
}

template <bool Strict>
Bytes VisitMethod(Cursor& cursor, Walk& walk, Bytes value, Members& members, Record& record) noexcept {
  members.method = Presence::kWrong;
  record.method_start = record.method_end = record.method_hash = 0;
  record.flags &= ~kMethodEscaped;
  const Bytes next = PassValue<Strict, true>(cursor, walk, value);
  if (next == nullptr || *value != '"') return next;
  const Span name{value + 1, TokenEnd(value, next) - 1};
  if (!IsSound<Strict>(walk, name)) return nullptr;
  if (walk.may_escape && HasBackslash(name.begin, name.end)) record.flags |= kMethodEscaped;
  members.method = Presence::kRight;
  record.method_start = OffsetOf(walk, name.begin);
  record.method_end = OffsetOf(walk, name.end);
  record.method_hash = HashOf(name.begin, name.end);
  return next;
}

// Passes the value at `value` of the key `key`; returns the token behind, or null for malformed text.
template <bool Strict>
AIRS_INLINE Bytes VisitMember(Cursor& cursor, Walk& walk, Key key, Bytes value, Members& members, Record& record) noexcept {
  switch (key) {
    case Key::kMalformed:
      return nullptr;
    case Key::kVersion:
      return VisitVersion<Strict>(cursor, walk, value, members);
    case Key::kId:
      return VisitId<Strict>(cursor, walk, value, members, record);
    case Key::kMethod:
      return VisitMethod<Strict>(cursor, walk, value, members, record);
    default: {
      const Bytes next = PassValue<Strict, Strict>(cursor, walk, value);
      if (next == nullptr) return nullptr;
      if (key == Key::kParams) members.params = {value, TokenEnd(value, next)};
      if (key == Key::kResult) members.result = {value, TokenEnd(value, next)};
      if (key == Key::kError) members.error = {value, TokenEnd(value, next)};
      return next;
    }
  }
}

// The first rule broken, in the order of FrameStatus.
AIRS_INLINE FrameStatus Judge(const Members& members) noexcept {
  const bool called = members.method != Presence::kAbsent;
  const bool answered = members.result.present();
  const bool failed = members.error.present();
  if (members.version != Presence::kRight) return FrameStatus::kBadVersion;
  if (members.id == Presence::kWrong) return FrameStatus::kBadId;
  if (members.method == Presence::kWrong) return FrameStatus::kBadMethod;
  if (called && (answered || failed)) return FrameStatus::kCallAndAnswer;
  if (called) {
    if (!members.params.present()) return FrameStatus::kOk;
    const uint8_t first = *members.params.begin;
    return first == '{' || first == '[' || first == 'n' ? FrameStatus::kOk : FrameStatus::kBadParams;
  }
  if (answered && failed) return FrameStatus::kResultAndError;
  if (answered) return members.id == Presence::kAbsent ? FrameStatus::kMissingId : FrameStatus::kOk;
  if (failed) return *members.error.begin == '{' ? FrameStatus::kOk : FrameStatus::kBadError;
  return FrameStatus::kNoMethod;
}

// The kind of an object that breaks no rule.
AIRS_INLINE Kind KindOf(const Members& members) noexcept {
  if (members.method == Presence::kAbsent) return members.result.present() ? Kind::kResponse : Kind::kError;
  return members.id == Presence::kAbsent ? Kind::kNotification : Kind::kRequest;
}

}  // namespace

template <bool Strict>
Bytes VisitObject(Cursor& cursor, Walk& walk, Bytes open, int32_t batch, Record& record) noexcept {
  Members members;
  Cursor c = cursor;
  record = {};
  Bytes next = Take(c, walk.stream);
  if (next == nullptr) return nullptr;
  const bool is_empty = *next == '}';
  while (!is_empty) {
    if (*next != '"') return nullptr;
    if (AIRS_LIKELY(c.next[3] < c.limit)) {
      const Bytes key = VisitCommon(c, walk, next, members, record);
      if (key != nullptr) {
        next = key;
        continue;
      }
    }
    const Pair pair = TakeTwo(c, walk.stream);
    if (pair.second == nullptr || *pair.first != ':') return nullptr;
    Cursor copy = c;
    next = VisitMember<Strict>(copy, walk, KeyOf(walk, next, pair.first), pair.second, members, record);
    c = copy;
    if (next == nullptr) return nullptr;
    if (*next != ',') break;
    if ((next = Take(c, walk.stream)) == nullptr) return nullptr;
  }
  if (*next != '}') return nullptr;
  cursor = c;

  const FrameStatus status = Judge(members);
  const Span& payload = members.method != Presence::kAbsent ? members.params : members.result.present() ? members.result : members.error;
  record.kind = status == FrameStatus::kOk ? KindOf(members) : Kind::kInvalid;
  record.start = OffsetOf(walk, open);
  record.end = OffsetOf(walk, next + 1);
  if (payload.present()) {
    record.payload_start = OffsetOf(walk, payload.begin);
    record.payload_end = OffsetOf(walk, payload.end);
  }
  record.status = status;
  record.batch = batch;
  return next;
}

template Bytes VisitObject<true>(Cursor&, Walk&, Bytes, int32_t, Record&) noexcept;
template Bytes VisitObject<false>(Cursor&, Walk&, Bytes, int32_t, Record&) noexcept;

}  // namespace airs
