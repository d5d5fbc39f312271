// Frames: lines or one whole text, batches, and the table they are recorded in.
#pragma once

#include "envelope.h"
#include "status.h"

namespace airs {

// Scans bytes for JSON-RPC messages as contract.ts says. One per environment: its memory is reused from
// call to call, and it holds no pointer between calls.
class Scanner {
 public:
  // `max_window`, at least 8, bounds the scanner's own memory: up to 4 bytes for each byte of it.
  explicit Scanner(size_t max_window = StructureIndex::kMaxWindow) noexcept;

  // Scans as the Control at the table's beginning says; its values were checked. `room` is the number of
  // records that the table holds behind it, at least 1.
  Status Scan(Bytes bytes, int32_t* table, uint32_t room) noexcept;

  // What other walks in the same environment share.
  TokenStream& stream() noexcept { return stream_; }
  Nesting& nesting() noexcept { return nesting_; }

 private:
  enum class Step {
    // On to the next frame.
    kNext,
    // The table is full, or too short for the frame at hand.
    kFull,
    kOutOfMemory,
  };

  template <bool Strict>
  Step Run(bool whole, Bytes end) noexcept;
  template <bool Strict>
  Step Lines(Bytes stop) noexcept;
  template <bool Strict>
  Step Window(Bytes end) noexcept;
  template <bool Strict>
  Step WindowLines(Bytes end) noexcept;
  template <bool Strict>
  Step One(Bytes end) noexcept;

  template <bool Strict>
  Step Frame(Cursor& cursor, Walk& walk) noexcept;
  template <bool Strict>
  bool Top(Cursor& cursor, Walk& walk, Bytes token) noexcept;
  template <bool Strict>
  bool Batch(Cursor& cursor, Walk& walk, Bytes open) noexcept;
  template <bool Strict>
  Bytes Member(Cursor& cursor, Walk& walk, Bytes token, uint32_t place) noexcept;

  Bytes WindowEnd(Bytes stop) const noexcept;
  Bytes LineEnd(const Cursor& cursor, Bytes end, bool sparse) const noexcept;
  bool IsTooLong(Bytes line_feed) const noexcept;
  Step Commit() noexcept;
  Step Reject(Bytes end, FrameStatus status) noexcept;
  AIRS_COLD Step RejectMalformed(Bytes end) noexcept;
  void WriteBare(uint32_t place, Kind kind, Bytes begin, Bytes end, FrameStatus status, int32_t batch) noexcept;
  Record& At(uint32_t place) noexcept { return place < room_ ? records_[place] : spare_; }

  const size_t max_window_;
  // Bytes that a window of several lines may have; less for a while after a window with a bad line.
  const size_t full_span_;
  size_t span_;
  TokenStream stream_;
  Nesting nesting_;
  // Takes the records that the table has no room for.
  Record spare_{};

  // The call at hand.
  Bytes bytes_ = nullptr;
  Record* records_ = nullptr;
  uint32_t room_ = 0;
  size_t max_message_ = 0;
  uint32_t max_batch_ = 0;
  // No line feed lies before it.
  Bytes search_ = nullptr;
  // The frame at hand, or the next one.
  Bytes at_ = nullptr;
  // Records of the frames before it, and its own, whether or not the table has room for those.
  uint32_t count_ = 0;
  uint32_t pending_ = 0;
};

}  // namespace airs
