// 64 bytes at a time, and a bit for each of them, the first lowest.
#pragma once

#include "text.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>
#endif

namespace airs {

class Block {
 public:
  static constexpr ptrdiff_t kSize = 64;

#if defined(__SSE2__) || defined(_M_X64)
  AIRS_INLINE explicit Block(Bytes p) noexcept {
    for (ptrdiff_t n = 0; n < kParts; n++) parts_[n] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * n));
  }

  // Which of them are `byte`.
  AIRS_INLINE uint64_t Equal(char byte) const noexcept {
    const __m128i other = _mm_set1_epi8(byte);
    return Mask([other](__m128i part) noexcept { return _mm_cmpeq_epi8(part, other); });
  }

  // Which of them are `byte` but for the bit 0x20, which `byte` has.
  AIRS_INLINE uint64_t EqualFolded(char byte) const noexcept {
    const __m128i fold = _mm_set1_epi8(0x20);
    const __m128i other = _mm_set1_epi8(byte);
    return Mask([fold, other](__m128i part) noexcept { return _mm_cmpeq_epi8(_mm_or_si128(part, fold), other); });
  }

  // Which of them are control characters.
  AIRS_INLINE uint64_t Control() const noexcept {
    // Those without any of the three highest bits.
    const __m128i high = _mm_set1_epi8(static_cast<char>(0xe0));
    return Mask([high](__m128i part) noexcept { return _mm_cmpeq_epi8(_mm_and_si128(part, high), _mm_setzero_si128()); });
  }

 private:
  static constexpr int kParts = 4;

  template <typename Test>
  AIRS_INLINE uint64_t Mask(Test test) const noexcept {
    uint64_t mask = 0;
    for (int n = 0; n < kParts; n++) mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(test(parts_[n])))) << (16 * n);
    return mask;
  }

  __m128i parts_[kParts];
#elif defined(__aarch64__) || defined(_M_ARM64)
  AIRS_INLINE explicit Block(Bytes p) noexcept {
    for (ptrdiff_t n = 0; n < kParts; n++) parts_[n] = vld1q_u8(p + 16 * n);
  }

  AIRS_INLINE uint64_t Equal(char byte) const noexcept {
    const uint8x16_t other = vdupq_n_u8(static_cast<uint8_t>(byte));
    return Mask([other](uint8x16_t part) noexcept { return vceqq_u8(part, other); });
  }

  AIRS_INLINE uint64_t EqualFolded(char byte) const noexcept {
    const uint8x16_t fold = vdupq_n_u8(0x20);
    const uint8x16_t other = vdupq_n_u8(static_cast<uint8_t>(byte));
    return Mask([fold, other](uint8x16_t part) noexcept { return vceqq_u8(vorrq_u8(part, fold), other); });
  }

  AIRS_INLINE uint64_t Control() const noexcept {
    const uint8x16_t bound = vdupq_n_u8(0x20);
    return Mask([bound](uint8x16_t part) noexcept { return vcltq_u8(part, bound); });
  }

 private:
  static constexpr int kParts = 4;

  // Each byte keeps the bit of its place in its group of eight; pairwise sums then bring the groups together.
  template <typename Test>
  AIRS_INLINE uint64_t Mask(Test test) const noexcept {
    static constexpr uint8_t kPlaces[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t places = vld1q_u8(kPlaces);
    uint8x16_t bits[kParts];
    for (int n = 0; n < kParts; n++) bits[n] = vandq_u8(test(parts_[n]), places);
    const uint8x16_t sums = vpaddq_u8(vpaddq_u8(bits[0], bits[1]), vpaddq_u8(bits[2], bits[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
  }

  uint8x16_t parts_[kParts];
#else
  AIRS_INLINE explicit Block(Bytes p) noexcept : bytes_(p) {}

  AIRS_INLINE uint64_t Equal(char byte) const noexcept {
    return Mask([byte](uint8_t one) noexcept { return one == static_cast<uint8_t>(byte); });
  }

  AIRS_INLINE uint64_t EqualFolded(char byte) const noexcept {
    return Mask([byte](uint8_t one) noexcept { return (one | 0x20) == static_cast<uint8_t>(byte); });
  }

  AIRS_INLINE uint64_t Control() const noexcept {
    return Mask([](uint8_t one) noexcept { return one < 0x20; });
  }

 private:
  template <typename Test>
  AIRS_INLINE uint64_t Mask(Test test) const noexcept {
    uint64_t mask = 0;
    for (int n = 0; n < kSize; n++) mask |= static_cast<uint64_t>(test(bytes_[n])) << n;
    return mask;
  }

  Bytes bytes_;
#endif
};

}  // namespace airs
