/// A thread pool: threads are kept, because starting one takes longer than a training step.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "scorefield/core/detail/spare_workers.hpp"

namespace scorefield::detail {

/// Tells the processor that a loop waits for another thread.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  asm volatile("yield");
#endif
}

/// Helpers of whoever calls run(). The caller works as well and waits for those helpers alone that came in time, so
/// that a busy machine, where a helper may get no core for milliseconds, and one that allows no more threads cost
/// nothing but the help. Helpers keep the processors that the thread which first called for them may use.
class ThreadPool {
 public:
  /// The pool of the process. It is never destroyed, and its threads end with the process: there is then no order of
  /// destruction to get wrong, and a forked child, which has none of the threads, does all the work itself.
  static ThreadPool& shared() {
    static auto* const pool = new ThreadPool;
    return *pool;
  }

  /// Calls body(0) here and, each at most once, body(1), ..., body(threads - 1) on helpers, as long as body(0) runs. A
  /// call from within a body, or while another thread's is on the way, gets no helpers. Body must not throw.
  template <class Body>
  void run(int threads, const Body& body) {
    if (inside()) return body(0);
    const std::unique_lock lock(in_use_, std::try_to_lock);
    if (!lock) return body(0);
    const auto wanted = static_cast<std::uint64_t>(threads - 1);
    while (helpers_ < wanted && start_helper()) {
    }
    const auto helpers = std::min(helpers_, wanted);
    if (helpers == 0) return body(0);
    body_ = &body;
    call_ = [](const void* of, int worker) { (*static_cast<const Body*>(of))(worker); };
    places_.store(helpers << wanted_shift | helpers << total_shift);
    if (asleep_.load() > 0) {
      ++alarms_;
      alarms_.notify_all();
    }
    {
      const Inside marked;
      body(0);
    }
    places_.fetch_and(field);  // nobody else comes in
    for (int patience = 0; places_.load() != 0;)
      if (++patience < 10'000)
        relax();
      else
        std::this_thread::yield();
  }

  /// Whether this thread runs a body.
  static bool inside() { return mark(); }

 private:
  static bool& mark() {
    static thread_local bool value = false;
    return value;
  }
  struct Inside {
    Inside() { mark() = true; }
    ~Inside() { mark() = false; }
  };

  /// Whether the system let one more begin.
  bool start_helper() {
    try {
      std::unique_ptr<HelperRoom> room(new HelperRoom);  // its numbers are whatever was there
      std::thread([this, room = std::move(room)] { help(*room); }).detach();
    } catch (const std::system_error&) {
      return false;
    }
    ++helpers_;
    return true;
  }

  [[noreturn]] void help(HelperRoom& room) {
    const Inside marked;
    HelperRoom::here() = &room;
    for (;;) {
      if (enter()) continue;
      if (watch()) continue;
      const auto alarm = alarms_.load();
      ++asleep_;
      // The caller looks at asleep_ after it has opened places, and this looks at places after it has raised asleep_:
      // one of the two sees the other.
      if (places_.load() >> wanted_shift == 0) alarms_.wait(alarm);
      --asleep_;
    }
  }

  /// Takes a place, if there is one, and works.
  bool enter() {
    auto seen = places_.load();
    while (seen >> wanted_shift != 0) {
      if (!places_.compare_exchange_weak(seen, seen - (std::uint64_t{1} << wanted_shift) + 1)) continue;
      const auto total = seen >> total_shift & field, wanted = seen >> wanted_shift;
      call_(body_, static_cast<int>(total - wanted + 1));
      --places_;
      return true;
    }
    return false;
  }

  /// Waits for places without sleep for as long as a small step of training may leave a helper without work.
  bool watch() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
    do {
      for (int i = 0; i < 64; ++i) {
        if (places_.load(std::memory_order_relaxed) >> wanted_shift != 0) return true;
        relax();
      }
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }

  /// Three numbers of 20 bits: helpers at work, all that were asked for, and of those the places still open.
  static constexpr int total_shift = 20, wanted_shift = 40;
  static constexpr std::uint64_t field = (1 << 20) - 1;

  std::mutex in_use_;
  std::uint64_t helpers_ = 0;
  const void* body_ = nullptr;
  void (*call_)(const void*, int) = nullptr;
  alignas(64) std::atomic<std::uint64_t> places_{0};
  alignas(64) std::atomic<std::uint32_t> alarms_{0};
  std::atomic<std::uint32_t> asleep_{0};
};

}  // namespace scorefield::detail
