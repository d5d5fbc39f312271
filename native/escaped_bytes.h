// Which bytes of a text are escaped, 64 at a time.
#pragma once

#include "block.h"

namespace airs {

class EscapedBytes {
 public:
  // Those of the next block, given which of it are backslashes. A backslash escapes unless it is escaped: those at odd places
  // of a run do, and a sum finds the ends of all runs at once (Langdale and Lemire, Parsing Gigabytes of JSON per Second,
  // section 3.1.1).
  AIRS_INLINE uint64_t Next(uint64_t backslash) noexcept {
    if ((backslash | carried_) == 0) return 0;
    constexpr uint64_t kEven = 0x5555555555555555u;
    backslash &= ~carried_;
    const uint64_t follows = backslash << 1 | carried_;
    const uint64_t odd_starts = backslash & ~kEven & ~follows;
    const uint64_t sum = odd_starts + backslash;
    carried_ = sum < backslash ? 1 : 0;
    return (kEven ^ sum << 1) & follows;
  }

  // Whether the next byte is.
  AIRS_INLINE bool NextByte(uint8_t byte) noexcept {
    const bool is_escaped = carried_ != 0;
    carried_ = !is_escaped && byte == '\\' ? 1 : 0;
    return is_escaped;
  }

 private:
  // 1 where the next byte is escaped.
  uint64_t carried_ = 0;
};

}  // namespace airs
