// One JSON-RPC object: which members it has, where they are, and what that makes it.
#pragma once

#include "record.h"
#include "value.h"

namespace airs {

// Passes the object whose brace, at `open`, was taken last, and writes its record; returns its closing brace, or null
// for malformed text, whose record is of no use. Members that JSON-RPC names are checked in every mode, others only
// where Strict.
template <bool Strict>
Bytes VisitObject(Cursor& cursor, Walk& walk, Bytes open, int32_t batch, Record& record) noexcept;

}  // namespace airs
