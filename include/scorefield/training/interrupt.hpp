/// Interrupt: a training callback that stops the run at Ctrl-C.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

#include "scorefield/core/types.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

/// While one exists, the first Ctrl-C, or the first polite request to end (SIGTERM), ends a run after its step, so that
/// its result is in the model and its Checkpoint is whole; the second one ends the program at once. What handled these
/// signals before does so again afterwards. At most one at a time.
class Interrupt {
 public:
  Interrupt() {
    flag() = false;
    for (std::size_t i = 0; i < signals.size(); ++i) {
      before_[i] = std::signal(signals[i], handle);
      if (before_[i] == SIG_IGN) std::signal(signals[i], SIG_IGN);  // as of what runs in the background of a shell
    }
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() {
    for (std::size_t i = 0; i < signals.size(); ++i)
      if (before_[i] != SIG_ERR) std::signal(signals[i], before_[i]);
  }

  /// Whether the signal came.
  bool came() const { return flag(); }

  template <Real Scalar>
  Next operator()(const Progress<Scalar>&) const {
    return came() ? Next::pause : Next::proceed;
  }

 private:
  static constexpr std::array<int, 2> signals{SIGINT, SIGTERM};

  // A signal may be handled on any thread.
  static std::atomic<bool>& flag() {
    static constinit std::atomic<bool> came = false;
    static_assert(std::atomic<bool>::is_always_lock_free);
    return came;
  }

  static void handle(int) {
    flag() = true;
    for (const int signal : signals) std::signal(signal, SIG_DFL);
  }

  std::array<void (*)(int), 2> before_{};
};

}  // namespace scorefield
