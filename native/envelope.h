// One JSON-RPC object: which members it has, where they are, and what that makes it.
#pragma once

#include "record.h"
#include "value.h"

namespace airs {

// Where a token lies. One that is absent lies at offset 0, where no member's value ever begins.
struct Span {
  Bytes begin;
  Bytes end;
};

class Envelope {
 public:
  // Passes the object whose brace was taken last; returns its closing brace, or null for malformed text.
  // Members that JSON-RPC names are checked in every mode, others only where Strict.
  template <bool Strict>
  Bytes Visit(Cursor& cursor, Walk& walk) noexcept;

  // Writes the record of what was visited: the object [begin, end).
  void Write(Record& record, Bytes begin, Bytes end, int32_t batch) const noexcept;

 private:
  enum class Presence : uint8_t { kAbsent, kRight, kWrong };

  void Clear(Bytes origin) noexcept;

  // Each passes the value at `value` and keeps what its key is for; returns the token behind, or null for
  // malformed text. The last of duplicate keys stays.
  template <bool Strict>
  Bytes VisitVersion(Cursor& cursor, Walk& walk, Bytes value) noexcept;
  template <bool Strict>
  Bytes VisitId(Cursor& cursor, Walk& walk, Bytes value) noexcept;
  template <bool Strict>
  Bytes VisitMethod(Cursor& cursor, Walk& walk, Bytes value) noexcept;

  FrameStatus Judge() const noexcept;
  Kind KindOf() const noexcept;
  bool has_params() const noexcept { return params_.begin != origin_; }
  bool has_result() const noexcept { return result_.begin != origin_; }
  bool has_error() const noexcept { return error_.begin != origin_; }

  Bytes origin_ = nullptr;
  Presence version_ = Presence::kAbsent;
  Presence id_ = Presence::kAbsent;
  Presence method_ = Presence::kAbsent;
  IdType id_type_ = IdType::kNone;
  int32_t id_value_ = 0;
  int32_t flags_ = 0;
  Span id_span_{};
  // Between the quotes.
  Span method_span_{};
  Span params_{};
  Span result_{};
  Span error_{};
};

}  // namespace airs
