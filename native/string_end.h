// Where a string ends: the first quote that is not escaped, 64 bytes at a time.
#pragma once

#include "escaped_bytes.h"

namespace airs {

// Looks through a string's contents, which may be given in pieces.
class StringEnd {
 public:
  // The closing quote in [p, end), the next piece of the contents, or null where it is not there.
  Bytes Find(Bytes p, Bytes end) noexcept {
    for (; end - p >= Block::kSize; p += Block::kSize) {
      const Block block(p);
      const uint64_t backslash = block.Equal('\\');
      const uint64_t quote = block.Equal('"') & ~escaped_.Next(backslash);
      if (quote != 0) {
        const uint64_t before = (quote - 1) & ~quote;
        has_backslash_ = has_backslash_ || (backslash & before) != 0;
        return p + std::countr_zero(quote);
      }
      has_backslash_ = has_backslash_ || backslash != 0;
    }
    for (; p != end; p++) {
      if (escaped_.NextByte(*p)) continue;
      if (*p == '"') return p;
      has_backslash_ = has_backslash_ || *p == '\\';
    }
    return nullptr;
  }

  // Whether there was a backslash before the quote, or in all that was looked through.
  bool has_backslash() const noexcept { return has_backslash_; }

 private:
  EscapedBytes escaped_;
  bool has_backslash_ = false;
};

}  // namespace airs
