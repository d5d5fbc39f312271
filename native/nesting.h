// The kinds of the open containers of a walk, one bit each: 1 for an object.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace airs {

// A walk keeps the innermost 64 kinds in a register and hands each full word over to this stack.
class Nesting {
 public:
  // Forgets all words, for a new walk.
  void Clear() noexcept { count_ = 0; }

  // Keeps `word`; false when memory ran out.
  [[nodiscard]] bool Push(uint64_t word) noexcept {
    if (count_ == capacity_ && !Grow()) return false;
    words_[count_++] = word;
    return true;
  }

  // The word kept last; there must be one.
  uint64_t Pop() noexcept { return words_[--count_]; }

  // Whether memory ran out since the last call of Trim.
  bool exhausted() const noexcept { return exhausted_; }

  // Frees what an unusually deep text took.
  void Trim() noexcept {
    exhausted_ = false;
    if (capacity_ <= kKept) return;
    words_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr uint32_t kKept = 256;

  bool Grow() noexcept {
    const uint32_t capacity = capacity_ == 0 ? 16 : capacity_ * 2;
    std::unique_ptr<uint64_t[]> words(new (std::nothrow) uint64_t[capacity]);
    if (!words) {
      exhausted_ = true;
      return false;
    }
    for (uint32_t n = 0; n < count_; n++) words[n] = words_[n];
    words_ = std::move(words);
    capacity_ = capacity;
    return true;
  }

  std::unique_ptr<uint64_t[]> words_;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
  bool exhausted_ = false;
};

}  // namespace airs
