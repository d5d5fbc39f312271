// Where a string ends: the first quote that is not escaped, 64 bytes at a time.
#pragma once

#include "block.h"

namespace airs {

// Looks through a string's contents, which may be given in pieces.
class StringEnd {
 public:
  // The closing quote in [p, end), the next piece of the contents, or null where it is not there.
  Bytes Find(Bytes p, Bytes end) noexcept {
    for (; end - p >= Block::kSize; p += Block::kSize) {
      const Block block(p);
      const uint64_t backslash = block.Equal('\\');
      uint64_t quote = block.Equal('"');
      if ((backslash | carried_) != 0) quote &= ~Escaped(backslash);
      if (quote != 0) {
        const uint64_t before = (quote - 1) & ~quote;
        has_backslash_ = has_backslash_ || (backslash & before) != 0;
        return p + std::countr_zero(quote);
      }
      has_backslash_ = has_backslash_ || backslash != 0;
    }
    for (; p != end; p++) {
      if (carried_ != 0) {
        carried_ = 0;
      } else if (*p == '"') {
        return p;
      } else if (*p == '\\') {
        has_backslash_ = true;
        carried_ = 1;
      }
    }
    return nullptr;
  }

  // Whether there was a backslash before the quote, or in all that was looked through.
  bool has_backslash() const noexcept { return has_backslash_; }

 private:
  // Which characters of a block are escaped. A backslash escapes unless it is escaped: those at odd places of a run do,
  // and a sum finds the ends of all runs at once (Langdale and Lemire, Parsing Gigabytes of JSON per Second, section
  // 3.1.1).
  AIRS_INLINE uint64_t Escaped(uint64_t backslash) noexcept {
    constexpr uint64_t kEven = 0x5555555555555555u;
    backslash &= ~carried_;
    const uint64_t follows = backslash << 1 | carried_;
    const uint64_t odd_starts = backslash & ~kEven & ~follows;
    const uint64_t sum = odd_starts + backslash;
    carried_ = sum < backslash ? 1 : 0;
    return (kEven ^ sum << 1) & follows;
  }

  // 1 where the next character is escaped.
  uint64_t carried_ = 0;
  bool has_backslash_ = false;
};

}  // namespace airs
