// RFC 6901 JSON pointers.
#pragma once

#include <memory>

#include "status.h"
#include "text.h"

namespace airs {

// One reference token of a pointer, and where a search for it stands.
struct PointerStep {
  Bytes key;
  size_t length;
  // Whether the key itself holds a backslash.
  bool has_backslash;
  // The key as an array index, -1 where it is none.
  int64_t index;

  // The container that the search entered for this step: its kind, and the elements passed in it.
  bool in_object;
  int64_t passed;
};

enum class PointerError {
  kNone,
  kNoSlash,
  kBadTilde,
};

// Owns its bytes; keys are in UTF-8, with lone surrogates in the three-byte form of escape.h. Short pointers
// live in the object itself.
class Pointer {
 public:
  // Takes the UTF-16 text [text, text + length). On an error there are no steps.
  Status Parse(const char16_t* text, size_t length, PointerError& error) noexcept;

  PointerStep* steps() noexcept { return steps_; }
  size_t count() const noexcept { return count_; }

 private:
  static constexpr size_t kInlineBytes = 192;
  static constexpr size_t kInlineSteps = 8;

  bool Reserve(size_t bytes, size_t steps) noexcept;
  PointerError Split(const char16_t* text, const char16_t* end) noexcept;

  uint8_t inline_bytes_[kInlineBytes];
  PointerStep inline_steps_[kInlineSteps];
  std::unique_ptr<uint8_t[]> more_bytes_;
  std::unique_ptr<PointerStep[]> more_steps_;
  uint8_t* bytes_ = inline_bytes_;
  PointerStep* steps_ = inline_steps_;
  size_t count_ = 0;
};

}  // namespace airs
