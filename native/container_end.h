// Where a container ends, in text that was checked before.
#pragma once

#include "text.h"

namespace airs {

// The bracket that closes the outermost of `depth` containers, at least one, that are open at `p`, which is outside any string;
// null where [p, end) does not hold it. Kinds of brackets are not compared.
Bytes ContainerEnd(Bytes p, Bytes end, uint64_t depth) noexcept;

}  // namespace airs
