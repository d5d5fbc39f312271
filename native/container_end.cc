#include "container_end.h"

#include "escaped_bytes.h"

namespace airs {
namespace {

// Bit n is set where an odd number of bits up to n are: from each opening quote on, up to its closing one.
AIRS_INLINE uint64_t PrefixXor(uint64_t bits) noexcept {
  for (int n = 1; n < 64; n <<= 1) bits ^= bits << n;
  return bits;
}

// The brackets of one block that are outside strings.
struct Brackets {
  uint64_t open;
  uint64_t close;
};

class Reader {
 public:
  AIRS_INLINE Brackets Next(Bytes p) noexcept {
    const Block block(p);
    const uint64_t quote = block.Equal('"') & ~escaped_.Next(block.Equal('\\'));
    // In the middle of a string: many are longer than a few blocks.
    if (quote == 0 && in_string_ != 0) return {0, 0};
    const uint64_t in_string = PrefixXor(quote) ^ in_string_;
    in_string_ = uint64_t{0} - (in_string >> 63);
    return {block.EqualFolded('{') & ~in_string, block.EqualFolded('}') & ~in_string};
  }

 private:
  EscapedBytes escaped_;
  // All bits where the next block begins in a string.
  uint64_t in_string_ = 0;
};

// The place in the block of the bracket that ends the outermost container, or -1; `depth` is that behind the block then.
AIRS_INLINE int Closing(Brackets brackets, uint64_t& depth) noexcept {
  while (brackets.close != 0) {
    const uint64_t before = (brackets.close - 1) & ~brackets.close;
    depth += static_cast<uint64_t>(std::popcount(brackets.open & before));
    if (--depth == 0) return std::countr_zero(brackets.close);
    brackets.open &= ~before;
    brackets.close &= brackets.close - 1;
  }
  depth += static_cast<uint64_t>(std::popcount(brackets.open));
  return -1;
}

}  // namespace

Bytes ContainerEnd(Bytes p, Bytes end, uint64_t depth) noexcept {
  Reader reader;
  for (; end - p >= Block::kSize; p += Block::kSize) {
    const int at = Closing(reader.Next(p), depth);
    if (at >= 0) return p + at;
  }
  uint8_t rest[Block::kSize] = {};
  std::memcpy(rest, p, static_cast<size_t>(end - p));
  const int at = Closing(reader.Next(rest), depth);
  return at < 0 ? nullptr : p + at;
}

}  // namespace airs
