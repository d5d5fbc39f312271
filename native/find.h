// The value that a JSON pointer names, found without parsing the rest.
#pragma once

#include "pointer.h"
#include "value.h"

namespace airs {

// Finds the value that `pointer` names inside the JSON text [text, text + length), which was checked before:
// what is passed on the way is not checked again, and text that is malformed after all gives false or a
// value inside the text. The last of duplicate keys wins. `found` is set to the value's offsets in the text,
// or left alone.
Status Find(TokenStream& stream, Nesting& nesting, Bytes text, size_t length, Pointer& pointer, bool& is_found,
            int32_t (&found)[2]) noexcept;

}  // namespace airs
