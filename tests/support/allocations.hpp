/// How often the heap was asked for memory, and heaps that have none.
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

/// How many blocks of malloc and its family this program has that it has not freed.
std::int64_t live_blocks();

/// Makes the n-th allocation from now on fail, in whichever thread it happens; 0 makes none fail.
void fail_allocation(std::int64_t n);

/// Whether the allocation that is to fail is still to come.
bool failure_is_due();

}  // namespace scorefield::test
