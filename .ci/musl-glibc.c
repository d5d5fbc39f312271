// What glibc's C++ library and GCC's run-time library want of a C library, and musl lacks. It stands in for glibc's loader, which
// they name, for the checks of musl.mjs alone.
#define _GNU_SOURCE
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];

int __cpu_indicator_init(void) { return 0; }

uint32_t arc4random(void) {
  uint32_t number;
  while (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
  }
  return number;
}

size_t __strftime_l(char *out, size_t size, const char *format, const struct tm *time, locale_t locale) {
  return strftime_l(out, size, format, time, locale);
}

// No destructor runs at a thread's end.
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) {
  (void)destroy;
  (void)object;
  (void)library;
  return 0;
}

// Not found this way: exceptions then find their tables by dl_iterate_phdr, which musl has.
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

// std::string::_M_replace_cold of newer C++ libraries than Debian's: puts `from` in the place of `old_size` bytes at `p`, `rest` bytes behind
// them, where `from` may be a part of the string itself.
void ReplaceCold(void *self, char *p, size_t old_size, const char *from, size_t new_size, size_t rest) __asm__(
    "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE15_M_replace_coldEPcmPKcmm");

void ReplaceCold(void *self, char *p, size_t old_size, const char *from, size_t new_size, size_t rest) {
  (void)self;
  if (new_size != 0 && new_size <= old_size) memmove(p, from, new_size);
  if (rest != 0 && old_size != new_size) memmove(p + new_size, p + old_size, rest);
  if (new_size <= old_size) return;
  if (from + new_size <= p + old_size) {
    memmove(p, from, new_size);
  } else if (from >= p + old_size) {
    memcpy(p, from + (new_size - old_size), new_size);
  } else {
    const size_t left = (size_t)(p + old_size - from);
    memmove(p, from, left);
    memcpy(p + left, p + new_size, new_size - left);
  }
}
