// simdjson's stage 1: the offsets of all operators, opening quotes and scalar starts of a text.
#pragma once

#include <cstddef>
#include <memory>

#include "text.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace airs {

enum class Built {
  kOk,
  // The text ends inside a string; nothing else was checked. All offsets were written, not counted.
  kUnclosed,
  // Invalid UTF-8, or a raw control character in a string.
  kMalformed,
};

// The offsets for one window of text at a time, in memory that grows in a few steps up to the largest
// window and never with the length of a message.
//
// A quote right behind a scalar (`1"a"`) has no offset, so whoever reads a scalar checks what follows it.
// Closing quotes have none either.
class StructureIndex {
 public:
  StructureIndex() noexcept;
  ~StructureIndex();
  StructureIndex(const StructureIndex&) = delete;
  StructureIndex& operator=(const StructureIndex&) = delete;

  // Makes room for windows of `bytes` bytes, at most kMaxWindow; false when memory ran out.
  [[nodiscard]] bool Reserve(size_t bytes) noexcept;

  // Indexes [text, text + length), reading nothing outside it. `length` must have been reserved.
  // A blank text is good and has no tokens.
  Built Build(Bytes text, uint32_t length) noexcept;

  // Ascending offsets, after a good Build followed by four that are `length` or more.
  uint32_t* tokens() noexcept;
  uint32_t count() const noexcept { return count_; }

  static constexpr size_t kMaxWindow = size_t{2} << 20;

 private:
  Built BuildPortably(Bytes text, uint32_t length) noexcept;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  size_t capacity_ = 0;
  uint32_t count_ = 0;
  bool portable_;
};

// Whether [text, text + length) is valid UTF-8.
bool IsUtf8(Bytes text, size_t length) noexcept;

// The name of the SIMD kernel in use, such as `haswell`; `fallback` for none.
const char* KernelName() noexcept;

// Whether that kernel is made of AVX2's instructions, so that ours may use them too.
bool KernelHasAvx2() noexcept;

}  // namespace airs
