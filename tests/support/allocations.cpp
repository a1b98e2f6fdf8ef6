#include "support/allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <new>

// The linker's --wrap=f sends each call of f in this program's objects to __wrap_f, and lets __real_f reach the one
// that would have been called: the C library's or a sanitizer's. Operators new go by their mangled names: new(size),
// new[](size), and both with an alignment.

namespace {

std::atomic<std::int64_t> count{0}, live{0}, until_failure{0};

/// Counts an allocation, and tells whether it is the one that is to fail.
bool fails() {
  count.fetch_add(1, std::memory_order_relaxed);
  return until_failure.load(std::memory_order_relaxed) > 0 && until_failure.fetch_sub(1) == 1;
}

void* counted(void* memory) {
  if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

}  // namespace

namespace scorefield::test {

std::int64_t allocations() { return count.load(std::memory_order_relaxed); }
std::int64_t live_blocks() { return live.load(std::memory_order_relaxed); }
void fail_allocation(std::int64_t n) { until_failure.store(n); }
bool failure_is_due() { return until_failure.load() > 0; }

}  // namespace scorefield::test

extern "C" {

void* __real_malloc(std::size_t size);
void* __wrap_malloc(std::size_t size) { return fails() ? nullptr : counted(__real_malloc(size)); }

void* __real_calloc(std::size_t n, std::size_t size);
void* __wrap_calloc(std::size_t n, std::size_t size) { return fails() ? nullptr : counted(__real_calloc(n, size)); }

void* __real_realloc(void* memory, std::size_t size);
void* __wrap_realloc(void* memory, std::size_t size) {
  if (fails()) return nullptr;
  return memory == nullptr ? counted(__real_realloc(memory, size)) : __real_realloc(memory, size);
}

void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : counted(__real_aligned_alloc(alignment, size));
}

int __real_posix_memalign(void** memory, std::size_t alignment, std::size_t size);
int __wrap_posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  if (fails()) return ENOMEM;
  const int error = __real_posix_memalign(memory, alignment, size);
  if (error == 0) counted(*memory);
  return error;
}

void __real_free(void* memory);
void __wrap_free(void* memory) {
  if (memory != nullptr) live.fetch_sub(1, std::memory_order_relaxed);
  __real_free(memory);
}

#define SCOREFIELD_TEST_NEW(name, parameters, arguments) \
  void* __real_##name parameters;                        \
  void* __wrap_##name parameters {                       \
    if (fails()) throw std::bad_alloc();                 \
    return __real_##name arguments;                      \
  }

SCOREFIELD_TEST_NEW(_Znwm, (std::size_t size), (size))
SCOREFIELD_TEST_NEW(_Znam, (std::size_t size), (size))
SCOREFIELD_TEST_NEW(_ZnwmSt11align_val_t, (std::size_t size, std::align_val_t alignment), (size, alignment))
SCOREFIELD_TEST_NEW(_ZnamSt11align_val_t, (std::size_t size, std::align_val_t alignment), (size, alignment))

}  // extern "C"
