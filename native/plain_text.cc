#include "plain_text.h"

#include "structure.h"

namespace airs {
namespace {

// Vectors that are looked at together.
constexpr ptrdiff_t kVectors = 4;

AIRS_INLINE bool IsPlain(uint8_t byte) noexcept { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

#if defined(__GNUC__)
// The compiler's own vectors, of a size that every machine has or that is done by words: of a loop over bytes it makes code
// that takes twice as long.
using Narrow __attribute__((vector_size(16))) = int8_t;
using Wide __attribute__((vector_size(32))) = int8_t;

template <typename Vector>
AIRS_INLINE bool IsPlainBlock(Bytes p) noexcept {
  const Vector two = Vector{} + 2;
  const Vector bound = Vector{} + 0x21;
  const Vector backslash = Vector{} + '\\';
  Vector odd = {};
  for (ptrdiff_t n = 0; n < kVectors; n++) {
    Vector bytes;
    std::memcpy(&bytes, p + n * static_cast<ptrdiff_t>(sizeof bytes), sizeof bytes);
    // As signed, bytes past ASCII are small, and so are control characters. The bit swaps the quote with the space.
    odd |= ((bytes ^ two) < bound) | (bytes == backslash);
  }
  uint64_t words[sizeof(Vector) / sizeof(uint64_t)];
  std::memcpy(words, &odd, sizeof words);
  uint64_t any = 0;
  for (const uint64_t word : words) any |= word;
  return any == 0;
}
#else
using Narrow = std::array<uint8_t, 16>;

template <typename Vector>
AIRS_INLINE bool IsPlainBlock(Bytes p) noexcept {
  uint8_t odd = 0;
  for (size_t n = 0; n < kVectors * sizeof(Vector); n++) odd |= static_cast<uint8_t>(!IsPlain(p[n]));
  return odd == 0;
}
#endif

template <typename Vector>
AIRS_INLINE Bytes PassBlocks(Bytes p, Bytes end) noexcept {
  constexpr auto kBlock = kVectors * static_cast<ptrdiff_t>(sizeof(Vector));
  while (end - p >= kBlock && IsPlainBlock<Vector>(p)) p += kBlock;
  return p;
}

#if defined(__GNUC__) && defined(__x86_64__)
__attribute__((target("avx2"))) Bytes PassWideBlocks(Bytes p, Bytes end) noexcept { return PassBlocks<Wide>(p, end); }
#endif

}  // namespace

Bytes PassPlainText(Bytes p, Bytes end) noexcept {
#if defined(__GNUC__) && defined(__x86_64__)
  static const bool is_wide = KernelHasAvx2();
  if (is_wide) p = PassWideBlocks(p, end);
#endif
  p = PassBlocks<Narrow>(p, end);
  while (p != end && IsPlain(*p)) p++;
  return p;
}

}  // namespace airs
