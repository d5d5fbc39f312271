// What the native code reports upwards. None of it throws; addon.cc turns these into JS errors.
#pragma once

namespace airs {

// The outcome of a call, as opposed to what it found in its input (that is FrameStatus in record.h).
enum class [[nodiscard]] Status {
  kOk,
  kOutOfMemory,
};

}  // namespace airs
