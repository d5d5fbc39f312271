#include "system.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace airs {

#if defined(__linux__)

int32_t SetPipeCapacity(int32_t fd, int32_t bytes) noexcept {
  // A refusal (above the system's limit, or below what the pipe holds) leaves the capacity as it was. Both calls
  // refuse what is no pipe. fstat would say so too, but a binary that calls it needs the C library of its build.
  (void)fcntl(fd, F_SETPIPE_SZ, bytes);
  const int capacity = fcntl(fd, F_GETPIPE_SZ);
  return capacity < 0 ? 0 : capacity;
}

#else

int32_t SetPipeCapacity(int32_t, int32_t) noexcept { return 0; }

#endif

#if defined(_WIN32)

bool SocketPair(int32_t (&)[2]) noexcept { return false; }

void CloseSocketPair(const int32_t (&)[2]) noexcept {}

#else

void CloseSocketPair(const int32_t (&fds)[2]) noexcept {
  for (const int32_t fd : fds) close(fd);
}

#if defined(SOCK_CLOEXEC)

bool SocketPair(int32_t (&fds)[2]) noexcept { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0; }

#else

bool SocketPair(int32_t (&fds)[2]) noexcept {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
  if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0) return true;
  CloseSocketPair(fds);
  return false;
}

#endif

#endif

}  // namespace airs
