/// Ctrl-C as a question that a loop asks between its steps.
#pragma once

#include <atomic>
#include <csignal>

namespace mnist {

// A signal may be handled on any thread.
inline std::atomic<bool> signal_came = false;
static_assert(std::atomic<bool>::is_always_lock_free);

/// From now on the first Ctrl-C, or the first polite request to end, only sets what interrupted() tells; the second
/// one ends the program at once.
inline void catch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) {
      signal_came = true;
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
    });
}

inline bool interrupted() { return signal_came; }

}  // namespace mnist
