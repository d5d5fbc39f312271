#include "structure.h"

#include <string>

#include "simdjson.h"

namespace airs {
namespace {

constexpr size_t kWindowSteps[] = {size_t{64} << 10, size_t{256} << 10, StructureIndex::kMaxWindow};

// The kernel that simdjson chose, or was told to by its environment variable; the best one where it was told
// to use one that it, or this machine, doesn't have: simdjson would run into instructions that aren't there.
const simdjson::implementation& Kernel() noexcept {
  static const simdjson::implementation* const kernel = [] {
    // Asking for the name is what makes simdjson choose, so the choice is read after it.
    const bool is_missing = simdjson::get_active_implementation()->name() == "unsupported";
    const simdjson::implementation* chosen = simdjson::get_active_implementation();
    const bool is_usable = !is_missing && chosen->supported_by_runtime_system();
    return is_usable ? chosen : simdjson::get_available_implementations().detect_best_supported();
  }();
  return *kernel;
}

// simdjson's kernel without SIMD reads a byte past some texts and lets an escaped line feed into strings.
bool NeedsPortable() noexcept { return Kernel().name() == "fallback"; }

}  // namespace

StructureIndex::StructureIndex() noexcept : portable_(NeedsPortable()) {}

StructureIndex::~StructureIndex() = default;

uint32_t* StructureIndex::tokens() noexcept { return parser_->structural_indexes.get(); }

bool StructureIndex::Reserve(size_t bytes) noexcept {
  if (bytes <= capacity_) return true;
  size_t capacity = 0;
  for (const size_t step : kWindowSteps) {
    capacity = step;
    if (step >= bytes) break;
  }
  const auto error = parser_ == nullptr ? Kernel().create_dom_parser_implementation(capacity, 1, parser_)
                                        : parser_->set_capacity(capacity);
  if (error != simdjson::SUCCESS) parser_.reset();
  capacity_ = error == simdjson::SUCCESS ? capacity : 0;
  return capacity_ >= bytes;
}

Built StructureIndex::Build(Bytes text, uint32_t length) noexcept {
  Built built = Built::kOk;
  if (AIRS_UNLIKELY(length == 0)) {
    count_ = 0;
  } else if (AIRS_UNLIKELY(portable_)) {
    built = BuildPortably(text, length);
  } else {
    const auto error = parser_->stage1(text, length, simdjson::stage1_mode::regular);
    if (error == simdjson::UNCLOSED_STRING) return Built::kUnclosed;
    // An index without entries is an error to simdjson (EMPTY), and a blank text to us.
    if (error != simdjson::SUCCESS && error != simdjson::EMPTY) return Built::kMalformed;
    count_ = parser_->n_structural_indexes;
  }
  uint32_t* end = tokens() + count_;
  for (int n = 0; n < 4; n++) end[n] = UINT32_MAX;
  return built;
}

// What the SIMD kernels do, byte by byte.
Built StructureIndex::BuildPortably(Bytes text, uint32_t length) noexcept {
  uint32_t* token = tokens();
  bool in_string = false;
  bool escaped = false;
  bool after_scalar = false;
  bool control = false;
  for (uint32_t i = 0; i < length; i++) {
    const uint8_t c = text[i];
    if (c == '"' && !escaped) {
      if (!in_string && !after_scalar) *token++ = i;
      in_string = !in_string;
      after_scalar = false;
    } else if (in_string) {
      control |= c < 0x20;
    } else if (Is(c, kSpace | kOperator)) {
      if (Is(c, kOperator)) *token++ = i;
      after_scalar = false;
    } else {
      if (!after_scalar) *token++ = i;
      after_scalar = true;
    }
    escaped = c == '\\' && !escaped;
  }
  count_ = static_cast<uint32_t>(token - tokens());
  if (in_string) return Built::kUnclosed;
  return control || !IsUtf8(text, length) ? Built::kMalformed : Built::kOk;
}

bool IsUtf8(Bytes text, size_t length) noexcept {
  return Kernel().validate_utf8(reinterpret_cast<const char*>(text), length);
}

const char* KernelName() noexcept {
  const std::string name = Kernel().name();
  for (const char* known : {"icelake", "haswell", "westmere", "arm64", "ppc64", "lasx", "lsx"}) {
    if (name == known) return known;
  }
  return "fallback";
}

bool KernelHasAvx2() noexcept {
  const std::string name = Kernel().name();
  return name == "haswell" || name == "icelake";
}

}  // namespace airs
