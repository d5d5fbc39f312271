#include "escape.h"

namespace airs {
namespace {

// Bytes to look at one by one for the next backslash before handing over to memchr, whose call costs
// more than these steps where text is dense with escapes.
constexpr ptrdiff_t kProbe = 16;

Bytes NextBackslash(Bytes p, Bytes end) noexcept {
  const Bytes probe_end = end - p < kProbe ? end : p + kProbe;
  for (; p != probe_end; p++) {
    if (*p == '\\') return p;
  }
  if (p == end) return end;
  const void* found = std::memchr(p, '\\', static_cast<size_t>(end - p));
  return found == nullptr ? end : static_cast<Bytes>(found);
}

int HexValue(uint8_t c) noexcept {
  if (IsDigit(c)) return c - '0';
  return Is(c, kHex) ? (c | 0x20) - 'a' + 10 : -1;
}

// The code unit of the `uXXXX` at p, or -1.
int32_t CodeUnit(Bytes p, Bytes end) noexcept {
  if (end - p < 5 || *p != 'u') return -1;
  int32_t unit = 0;
  for (int n = 1; n <= 4; n++) {
    const int digit = HexValue(p[n]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

uint8_t SimpleEscape(uint8_t kind) noexcept {
  switch (kind) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return kind;
  }
}

// Decodes the escape at `p`, whose backslash was passed, into `out` (room for 4 bytes). Sets `size` to
// the bytes written and returns the position after the escape, or null for an invalid one.
Bytes Decode(Bytes p, Bytes end, uint8_t* out, size_t& size) noexcept {
  if (p == end) return nullptr;
  if (*p != 'u') {
    out[0] = SimpleEscape(*p);
    size = 1;
    return Is(*p, kEscapeKind) ? p + 1 : nullptr;
  }
  const int32_t unit = CodeUnit(p, end);
  if (unit < 0) return nullptr;
  p += 5;
  uint32_t point = static_cast<uint32_t>(unit);
  if ((point & 0xfc00) == 0xd800 && p != end && *p == '\\') {
    const int32_t low = CodeUnit(p + 1, end);
    if (low >= 0 && (low & 0xfc00) == 0xdc00) {
      point = 0x10000 + ((point & 0x3ff) << 10) + (static_cast<uint32_t>(low) & 0x3ff);
      p += 6;
    }
  }
  size = EncodeUtf8(point, out);
  return p;
}

}  // namespace

size_t EncodeUtf8(uint32_t point, uint8_t* out) noexcept {
  if (point < 0x80) {
    out[0] = static_cast<uint8_t>(point);
    return 1;
  }
  const size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (size_t n = length - 1; n > 0; n--) {
    out[n] = static_cast<uint8_t>(0x80 | (point & 0x3f));
    point >>= 6;
  }
  constexpr uint8_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out[0] = static_cast<uint8_t>(kLead[length] | point);
  return length;
}

bool EscapesAreValid(Bytes p, Bytes end) noexcept {
  for (p = NextBackslash(p, end); p != end; p = NextBackslash(p, end)) {
    if (end - p < 2) return false;
    if (Is(p[1], kEscapeKind)) {
      p += 2;
    } else if (p[1] == 'u' && end - p >= 6) {
      if ((kCharClass[p[2]] & kCharClass[p[3]] & kCharClass[p[4]] & kCharClass[p[5]] & kHex) == 0) return false;
      p += 6;
    } else {
      return false;
    }
  }
  return true;
}

bool DecodedEquals(Bytes p, Bytes end, Bytes text, size_t length) noexcept {
  const Bytes text_end = text + length;
  while (p != end) {
    uint8_t decoded[4];
    size_t size = 1;
    if (*p == '\\') {
      p = Decode(p + 1, end, decoded, size);
      if (p == nullptr) return false;
    } else {
      decoded[0] = *p++;
    }
    if (static_cast<size_t>(text_end - text) < size || std::memcmp(text, decoded, size) != 0) return false;
    text += size;
  }
  return text == text_end;
}

}  // namespace airs
