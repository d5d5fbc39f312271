// Stands in for a runtime that takes no memory from outside V8, as Electron's: the linker puts this function in
// the place of N-API's. Its types are spelled as C sees them, so that no header of Node.js need be found.
#include <cstddef>

extern "C" int __wrap_napi_create_external_arraybuffer(void*, void*, size_t, void*, void*, void*) {
  constexpr int kNoExternalBuffersAllowed = 22;
  return kNoExternalBuffersAllowed;
}
