/// A parallel loop over fixed pieces of work: the pieces never depend on the threads, so neither do bits.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

#include "scorefield/core/detail/spare_workers.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/detail/cpu_quota.hpp"
#include "scorefield/core/parallel/detail/subnormals.hpp"
#include "scorefield/core/parallel/detail/thread_pool.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

namespace detail {

/// The number of cores that this process may use, at least 1. The quota is read once a program, from files.
inline int usable_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  static const auto quota = cpu_quota();
  if (cpu_set_t usable; sched_getaffinity(0, sizeof(usable), &usable) == 0) cores = CPU_COUNT(&usable);
  cores = std::min(cores, quota.value_or(cores));
#endif
  return std::max(1, cores);
}

/// Throws InvalidArgument for an option that cannot be meant.
inline void check_threads(int requested) {
  if (requested < 0)
    throw InvalidArgument("threads", "0 (all) or a positive number", text(requested),
                          "leave the option out to use all");
}

/// While it lives, this thread has so many spare workers.
class Lending {
 public:
  Lending(int threads, void (*loop)(Index, int, LoopBody)) { SpareWorkers::here() = {threads, loop}; }
  ~Lending() { SpareWorkers::here() = before_; }
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;

 private:
  SpareWorkers before_ = SpareWorkers::here();
};

inline void parallel_loop(Index count, int threads, LoopBody body) {
  const FlushSubnormals flush;
  // One piece alone may share its products with the threads that are left over. Those of a piece beside others, or of a
  // loop within one, are at work.
  const Lending lending(count == 1 && !ThreadPool::inside() ? std::max(1, threads) : 1, &parallel_loop);
  if (threads <= 1 || count <= 1) {
    for (Index i = 0; i < count; ++i) body(i, 0);
    return;
  }
  std::atomic<Index> next{0};
  std::mutex failing;
  Index failed = count;
  std::exception_ptr failure;
  ThreadPool::shared().run(static_cast<int>(std::min<Index>(threads, count)), [&](int worker) {
    const FlushSubnormals flush_here;
    for (Index i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      try {
        body(i, worker);
      } catch (...) {
        const std::scoped_lock lock(failing);
        if (i < failed) {
          failed = i;
          failure = std::current_exception();
        }
      }
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail

/// The number of threads an option means: itself, or for 0 one for each core that this process may use: the affinity
/// and, rounded up, the quota of a container.
inline int resolve_threads(int requested) {
  detail::check_threads(requested);
  return requested == 0 ? detail::usable_cores() : requested;
}

/// Calls task(i, worker) once for each i in [0, count), worker in [0, threads). If tasks throw, the exception of the
/// smallest i reaches the caller. A task that is the only one may share its products with the other threads. Threads
/// that other work keeps from coming are not waited for. Subnormal numbers are 0 in a task.
template <class Task>
void parallel_for(Index count, int threads, const Task& task) {
  detail::parallel_loop(count, threads, detail::LoopBody::of(task));
}

}  // namespace scorefield
