#include "support/allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// The linker's --wrap sends each call of malloc in this program's objects to __wrap_malloc and lets __real_malloc reach
// the one that would have been called: the C library's or a sanitizer's. operator new is replaced by one that calls
// malloc here, so that everything is counted once and at one place.

namespace {
std::atomic<std::int64_t> count{0};
void add_one() { count.fetch_add(1, std::memory_order_relaxed); }
}  // namespace

std::int64_t scorefield::test::allocations() { return count.load(std::memory_order_relaxed); }

extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* memory, std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
int __real_posix_memalign(void** memory, std::size_t alignment, std::size_t size);

void* __wrap_malloc(std::size_t size) {
  add_one();
  return __real_malloc(size);
}
void* __wrap_calloc(std::size_t n, std::size_t size) {
  add_one();
  return __real_calloc(n, size);
}
void* __wrap_realloc(void* memory, std::size_t size) {
  add_one();
  return __real_realloc(memory, size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  add_one();
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  add_one();
  return __real_posix_memalign(memory, alignment, size);
}
}

// The other forms of new and delete call these.
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
