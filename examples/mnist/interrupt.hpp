/// Ctrl-C as a question that a loop asks between its steps.
#pragma once

#include <csignal>

namespace mnist {

inline volatile std::sig_atomic_t signal_came = 0;

/// From now on the first Ctrl-C, or the first polite request to end, only sets what interrupted() tells; the second
/// one ends the program at once.
inline void catch_interrupts() {
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) {
      signal_came = 1;
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
    });
}

inline bool interrupted() { return signal_came != 0; }

}  // namespace mnist
