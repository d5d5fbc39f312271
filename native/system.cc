#include "system.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#if defined(__linux__)
#include <pthread.h>
#include <sys/ioctl.h>
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

namespace {

thread_local bool leads_groups = false;
thread_local bool has_forked = false;

// In the thread that forks, before it does. It also sees to it that the child need not set up the variables.
void BeforeFork() noexcept { has_forked = leads_groups; }

// In the child, which may do little before it executes its program.
void InChild() noexcept {
  if (!leads_groups) return;
  (void)setpgid(0, 0);
  // A group in the background would be stopped by its terminal's answers; without one it is refused, as in a session of its own.
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return;
  (void)ioctl(terminal, TIOCNOTTY);
  close(terminal);
}

}  // namespace

bool LeadGroups(bool on) noexcept {
  static const bool is_registered = pthread_atfork(BeforeFork, nullptr, InChild) == 0;
  const bool forked = has_forked;
  has_forked = false;
  leads_groups = on && is_registered;
  return forked;
}

#else

int32_t SetPipeCapacity(int32_t, int32_t) noexcept { return 0; }

bool LeadGroups(bool) noexcept { return false; }

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
