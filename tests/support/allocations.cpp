#include "support/allocations.hpp"

#include <atomic>
#include <cstddef>
#include <new>

// The linker's --wrap=f sends each call of f in this program's objects to __wrap_f, and lets __real_f reach the one
// that would have been called: the C library's or a sanitizer's. Operators new go by their mangled names: new(size),
// new[](size), and both with an alignment.

namespace {
std::atomic<std::int64_t> count{0};
}  // namespace

std::int64_t scorefield::test::allocations() { return count.load(std::memory_order_relaxed); }

#define SCOREFIELD_TEST_COUNT(result, name, parameters, arguments) \
  extern "C" result __real_##name parameters;                      \
  extern "C" result __wrap_##name parameters {                     \
    count.fetch_add(1, std::memory_order_relaxed);                 \
    return __real_##name arguments;                                \
  }

SCOREFIELD_TEST_COUNT(void*, malloc, (std::size_t size), (size))
SCOREFIELD_TEST_COUNT(void*, calloc, (std::size_t n, std::size_t size), (n, size))
SCOREFIELD_TEST_COUNT(void*, realloc, (void* memory, std::size_t size), (memory, size))
SCOREFIELD_TEST_COUNT(void*, aligned_alloc, (std::size_t alignment, std::size_t size), (alignment, size))
SCOREFIELD_TEST_COUNT(int, posix_memalign, (void** memory, std::size_t alignment, std::size_t size),
                      (memory, alignment, size))
SCOREFIELD_TEST_COUNT(void*, _Znwm, (std::size_t size), (size))
SCOREFIELD_TEST_COUNT(void*, _Znam, (std::size_t size), (size))
SCOREFIELD_TEST_COUNT(void*, _ZnwmSt11align_val_t, (std::size_t size, std::align_val_t alignment), (size, alignment))
SCOREFIELD_TEST_COUNT(void*, _ZnamSt11align_val_t, (std::size_t size, std::align_val_t alignment), (size, alignment))
