/// Spare workers: idle threads that a parallel loop of one piece lends to the products inside it, which are not to know
/// of threads.
#pragma once

#include <cstddef>

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Refers to the body of a loop: that the loop does not depend on its type spares a program most of what it would
/// compile, and each body is there once.
struct LoopBody {
  const void* task;
  void (*call)(const void* task, Index i, int worker);

  template <class Task>
  static LoopBody of(const Task& task) {
    return {&task, [](const void* it, Index i, int worker) { (*static_cast<const Task*>(it))(i, worker); }};
  }

  void operator()(Index i, int worker) const { call(task, i, worker); }
};

/// What this thread may share its work with. A parallel loop of a single piece lends that piece the threads that it has
/// no work for.
struct SpareWorkers {
  int threads = 1;  // with this one
  void (*loop)(Index count, int threads, LoopBody body) = nullptr;

  static SpareWorkers& here() {
    static thread_local SpareWorkers value;
    return value;
  }

  /// Calls task(i, worker) once for each i in [0, count) on at most `most` of them. Worker 0 is this thread; the others
  /// have a HelperRoom. Tasks must not throw.
  template <class Task>
  void share(Index count, int most, const Task& task) const {
    loop(count, most, LoopBody::of(task));
  }
};

/// Memory of a helper for what it copies while it shares another's work. Its owner never grows it, so that a step
/// which is shared allocates no more than one that is not.
struct HelperRoom {
  static constexpr std::size_t left_bytes = 128 * 1024, right_bytes = 60 * 1024;
  alignas(64) std::byte left[left_bytes];
  alignas(64) std::byte right[right_bytes];

  /// That of this thread; null where it is no helper.
  static HelperRoom*& here() {
    static thread_local HelperRoom* value = nullptr;
    return value;
  }
};

}  // namespace scorefield::detail
