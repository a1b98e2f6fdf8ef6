/// How often the heap was asked for memory.
#pragma once

#include <cstdint>

namespace scorefield::test {

/// The allocations of this program so far by every thread: operator new, and malloc and its family, which is what Eigen
/// calls. Those inside shared libraries are not of this program.
std::int64_t allocations();

/// How many of them happen while f() runs.
template <class F>
std::int64_t count_allocations(F&& f) {
  const std::int64_t before = allocations();
  f();
  return allocations() - before;
}

}  // namespace scorefield::test
