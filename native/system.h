// Calls of the operating system that Node.js does not offer.
#pragma once

#include <cstdint>

namespace airs {

// Asks for a pipe capacity of `bytes`; returns the capacity there is now, or 0 where `fd` is no pipe or the
// platform has no such call.
int32_t SetPipeCapacity(int32_t fd, int32_t bytes) noexcept;

// Opens a connected pair of close-on-exec stream sockets; false where there is none to be had.
[[nodiscard]] bool SocketPair(int32_t (&fds)[2]) noexcept;

// Closes both.
void CloseSocketPair(const int32_t (&fds)[2]) noexcept;

// From here on, until it is called with false, each process that this thread forks leads a process group of its own and
// has no controlling terminal, but stays in the session. Returns whether any was forked by the C library's `fork` since the
// last call; always false where the platform has no use for it.
bool LeadGroups(bool on) noexcept;

}  // namespace airs
