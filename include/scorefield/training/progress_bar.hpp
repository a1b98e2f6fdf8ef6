/// A progress bar for the terminal: how far a run is, its loss and the time left.
#pragma once

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "scorefield/core/types.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

/// "3:05" or "1:02:45".
inline std::string clock_text(double seconds) {
  const auto s = static_cast<long>(std::lround(seconds));
  std::array<char, 32> buffer{};
  if (s < 3600)
    std::snprintf(buffer.data(), buffer.size(), "%ld:%02ld", s / 60, s % 60);
  else
    std::snprintf(buffer.data(), buffer.size(), "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return buffer.data();
}

/// Whether standard error is looked at by a person, and not kept in a file or sent on.
inline bool stderr_is_terminal() {
#if __has_include(<unistd.h>)
  return isatty(fileno(stderr)) == 1;
#else
  return true;
#endif
}

/// Share done, steps, smoothed loss, time left, on standard error: in a terminal one line that is rewritten ten times a
/// second, elsewhere a line every ten seconds.
class ProgressBar {
 public:
  explicit ProgressBar(bool terminal = stderr_is_terminal()) : terminal_(terminal) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() {
    if (drawn_ && terminal_) std::fputc('\n', stderr);
  }

  template <Real Scalar>
  void operator()(const Progress<Scalar>& progress) {
    const auto now = Clock::now();
    if (first_step_ == 0 || progress.step == 1) {
      if (drawn_ && terminal_) std::fputc('\n', stderr);
      drawn_ = false;
      first_step_ = progress.step;
      start_ = now;
      loss_ = progress.loss;
    }
    loss_ += (progress.loss - loss_) * std::max(0.001, 1.0 / static_cast<double>(progress.step - first_step_ + 1));
    const bool last = progress.step == progress.steps;
    if (drawn_ && !last && now - drawn_at_ < std::chrono::milliseconds(terminal_ ? 100 : 10'000)) return;
    drawn_at_ = now;
    drawn_ = true;
    draw(progress.step, progress.steps, std::chrono::duration<double>(now - start_).count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int width = 30;

  void draw(Index step, Index steps, double seconds) const {
    static constexpr const char* full = "##############################";
    static constexpr const char* empty = "..............................";
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    const int filled = static_cast<int>(done * width);
    if (terminal_) std::fputc('\r', stderr);
    std::fprintf(stderr, "[%.*s%.*s] %5.1f %%  step %lld of %lld  loss %.4f  ", filled, full, width - filled, empty,
                 100 * done, static_cast<long long>(step), static_cast<long long>(steps), loss_);
    if (const Index timed = step - first_step_; step == steps)
      std::fprintf(stderr, "took %s", clock_text(seconds).c_str());
    else if (timed > 0)
      std::fprintf(stderr, "%s left",
                   clock_text(seconds / static_cast<double>(timed) * static_cast<double>(steps - step)).c_str());
    std::fputs(terminal_ ? "\x1b[K" : "\n", stderr);
    std::fflush(stderr);
  }

  bool terminal_;
  Index first_step_ = 0;
  bool drawn_ = false;
  double loss_ = 0;
  Clock::time_point start_, drawn_at_;
};

}  // namespace scorefield
