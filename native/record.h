// The integers that scanner and JS exchange: the twin of src/backend/contract.ts, where each is explained.
// Change both together, and raise kRecordVersion when the layout changes.
#pragma once

#include <cstdint>

namespace airs {

inline constexpr int32_t kRecordVersion = 2;

// Ints in one record, and in the control block.
inline constexpr uint32_t kRecordInts = 16;

enum ScanFlag : int32_t {
  kStrict = 1,
  kWhole = 2,
};

enum class Kind : int32_t {
  kRequest = 1,
  kNotification = 2,
  kResponse = 3,
  kError = 4,
  kInvalid = 5,
  kBatch = 6,
};

enum class IdType : int32_t {
  kNone = 0,
  kInt32 = 1,
  kNumber = 2,
  kString = 3,
  kNull = 4,
};

enum RecordFlag : int32_t {
  kMethodEscaped = 1,
  kIdEscaped = 2,
};

enum class FrameStatus : int32_t {
  kOk = 0,
  kTooLarge = 1,
  kUtf8 = 2,
  kSyntax = 3,
  kBatchTooLarge = 4,
  kEmptyBatch = 5,
  kNotObject = 6,
  kBadVersion = 7,
  kBadId = 8,
  kBadMethod = 9,
  kCallAndAnswer = 10,
  kBadParams = 11,
  kResultAndError = 12,
  kMissingId = 13,
  kBadError = 14,
  kNoMethod = 15,
};

// The first kRecordInts ints of the table.
struct Control {
  int32_t count;
  int32_t consumed;
  int32_t more;
  int32_t unused;
  int32_t start;
  int32_t search;
  int32_t end;
  int32_t flags;
  int32_t max_message;
  int32_t max_batch;
  int32_t reserved[6];
};
static_assert(sizeof(Control) == kRecordInts * sizeof(int32_t));

struct Record {
  Kind kind;
  int32_t flags;
  int32_t start;
  int32_t end;
  IdType id_type;
  int32_t id_value;
  int32_t id_start;
  int32_t id_end;
  int32_t method_start;
  int32_t method_end;
  int32_t method_hash;
  int32_t payload_start;
  int32_t payload_end;
  FrameStatus status;
  int32_t batch;
  int32_t reserved;
};
static_assert(sizeof(Record) == kRecordInts * sizeof(int32_t));

}  // namespace airs
