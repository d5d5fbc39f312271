#include "pointer.h"

#include <algorithm>
#include <new>

#include "escape.h"

namespace airs {
namespace {

// Digits whose value fits 64 bits whatever they are; longer than any array.
constexpr size_t kMostDigits = 18;

int64_t IndexOf(Bytes key, size_t length) noexcept {
  if (length == 0 || length > kMostDigits || (length > 1 && *key == '0')) return -1;
  int64_t index = 0;
  for (size_t n = 0; n < length; n++) {
    if (!IsDigit(key[n])) return -1;
    index = index * 10 + (key[n] - '0');
  }
  return index;
}

// The code point at `p`, which moves behind it.
uint32_t NextPoint(const char16_t*& p, const char16_t* end) noexcept {
  const uint32_t unit = *p++;
  if ((unit & 0xfc00) != 0xd800 || p == end || (*p & 0xfc00) != 0xdc00) return unit;
  return 0x10000 + ((unit & 0x3ff) << 10) + (*p++ & 0x3ff);
}

}  // namespace

bool Pointer::Reserve(size_t bytes, size_t steps) noexcept {
  if (bytes > kInlineBytes) {
    more_bytes_.reset(new (std::nothrow) uint8_t[bytes]);
    bytes_ = more_bytes_.get();
  }
  if (steps > kInlineSteps) {
    more_steps_.reset(new (std::nothrow) PointerStep[steps]);
    steps_ = more_steps_.get();
  }
  return bytes_ != nullptr && steps_ != nullptr;
}

Status Pointer::Parse(const char16_t* text, size_t length, PointerError& error) noexcept {
  error = PointerError::kNone;
  const char16_t* end = text + length;
  if (length == 0) return Status::kOk;
  if (*text != '/') {
    error = PointerError::kNoSlash;
    return Status::kOk;
  }
  // No code unit takes more than three bytes, and 4 spare ones let a pair be written whole.
  if (!Reserve(length * 3 + 4, static_cast<size_t>(std::count(text, end, u'/')))) return Status::kOutOfMemory;
  error = Split(text, end);
  if (error != PointerError::kNone) count_ = 0;
  return Status::kOk;
}

PointerError Pointer::Split(const char16_t* text, const char16_t* end) noexcept {
  uint8_t* out = bytes_;
  const char16_t* p = text;
  while (p != end) {
    p++;
    uint8_t* key = out;
    while (p != end && *p != '/') {
      uint32_t point = NextPoint(p, end);
      if (point == '~') {
        if (p == end || (*p != '0' && *p != '1')) return PointerError::kBadTilde;
        point = *p++ == '0' ? U'~' : U'/';
      }
      out += EncodeUtf8(point, out);
    }
    const auto length = static_cast<size_t>(out - key);
    steps_[count_++] = {key, length, HasBackslash(key, out), IndexOf(key, length), false, 0};
  }
  return PointerError::kNone;
}

}  // namespace airs
