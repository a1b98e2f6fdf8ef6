/// Post-hoc moving averages: power-law averages of the parameters whose width is chosen after training.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

namespace detail {

/// The weights t^exponent on [0, last], over their integral: what a power-law average counts the parameters at t for.
struct PowerLawProfile {
  double last, exponent;

  /// The integral of the product of two profiles.
  double dot(const PowerLawProfile& other) const {
    const auto& [early, late] = last < other.last ? std::pair(*this, other) : std::pair(other, *this);
    return (exponent + 1) * (other.exponent + 1) / (exponent + other.exponent + 1) *
           std::pow(early.last / late.last, late.exponent) / late.last;
  }

  /// The exponent of a relative width in (0, 0.28], the profile's deviation in units of `last`:
  /// sqrt(e + 1) / ((e + 2) sqrt(e + 3)), which falls with e from 0 on.
  static double exponent_of(double width) {
    double low = 0, high = 1 / (width * width);
    for (int i = 0; i < 200; ++i) {
      const double e = low + (high - low) / 2;
      (std::sqrt(e + 1) / ((e + 2) * std::sqrt(e + 3)) > width ? low : high) = e;
    }
    return low;
  }
};

}  // namespace detail

/// A callback that keeps two power-law averages of the parameters, of relative widths 0.05 and 0.10, with a snapshot of
/// both every `every` steps. From these it tells, after training, the average of about any width between and beside
/// them, by least squares: train once, without another average, and compare widths by held-out loss or samples:
///   PostHocAverage<float> averages{{.every = 500}};
///   trainer.fit(model, data, {.steps = 20'000}, averages);
///   model.set_parameters(averages.parameters(0.08));
/// Snapshots take twice the memory of the parameters. Karras et al. 2023, arXiv:2312.02696, section 3 and appendix C.
template <Real Scalar>
class PostHocAverage {
 public:
  static constexpr std::array widths{0.05, 0.10};

  struct Options {
    Index every = 1000;  // steps between snapshots; 10 to 100 in all are usual
  };

  explicit PostHocAverage(const Options& options = {}) : every_(options.every) {
    if (every_ < 1)
      throw InvalidArgument("PostHocAverage", "a positive number of steps a snapshot", text(every_),
                            "a hundredth of the run is usual");
  }

  /// Reserves memory for the whole run at its first step. Throws InvalidArgument for a step that does not follow the
  /// last one.
  void operator()(const Progress<Scalar>& progress) {
    const Index n = progress.parameters.size();
    if (progress.step == 1 || averages_.rows() != n) {
      step_ = 0;
      taken_ = 0;
      averages_ = Matrix<double>::Zero(n, 2);
    }
    if (progress.step != step_ + 1)
      throw InvalidArgument("PostHocAverage", text("step ", step_ + 1, " of a run"), text(progress.step),
                            "pass it to fit from the first step on, and resume it with its run");
    step_ = progress.step;
    const Index rows = taken_ + (progress.steps - step_) / every_ + 1;
    if (static_cast<Index>(snapshots_.size()) < rows)
      snapshots_.resize(static_cast<std::size_t>(rows), Snapshot{0, Matrix<Scalar>(n, 2)});
    const double before = 1 - 1 / static_cast<double>(step_);
    for (Index k = 0; k < 2; ++k) {
      const double keep = std::pow(before, exponent(k) + 1);  // equation 127
      for (Index i = 0; i < n; ++i)
        averages_(i, k) =
            multiply_add(1 - keep, static_cast<double>(progress.parameters(i)) - averages_(i, k), averages_(i, k));
    }
    if (step_ % every_ != 0) return;
    auto& [step, rounded] = snapshots_[static_cast<std::size_t>(taken_++)];
    step = step_;
    rounded = averages_.template cast<Scalar>();
  }

  /// The steps that are averaged over.
  Index step() const { return step_; }

  /// The power-law average of that relative width, which ends with the last step. Throws InvalidArgument before the
  /// first step, and unless the width is in [0.01, 0.28]. Widths from 0.05 to 0.15 are told best.
  Vector<Scalar> parameters(double width) const {
    if (step_ == 0)
      throw InvalidArgument("PostHocAverage", "a run of at least one step", "none", "pass this to fit as a callback");
    if (!(width >= 0.01 && width <= 0.28))
      throw InvalidArgument("PostHocAverage", "a relative width in [0.01, 0.28]", text(width),
                            "0.05 to 0.15 are usual");
    const auto last = static_cast<double>(step_);
    std::vector<detail::PowerLawProfile> kept{{last, exponent(0)}, {last, exponent(1)}};
    // Those of the last step itself are kept in double.
    const Index count =
        taken_ > 0 && snapshots_[static_cast<std::size_t>(taken_ - 1)].step == step_ ? taken_ - 1 : taken_;
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < 2; ++k)
        kept.push_back({static_cast<double>(snapshots_[static_cast<std::size_t>(i)].step), exponent(k)});
    const Vector<double> shares = fitted(kept, {last, detail::PowerLawProfile::exponent_of(width)});
    Vector<double> all = averages_ * shares.head(2);
    for (Index i = 0; i < count; ++i)
      all += snapshots_[static_cast<std::size_t>(i)].averages.template cast<double>() * shares.segment(2 + 2 * i, 2);
    return all.template cast<Scalar>();
  }

  /// Tells where it stands, to be kept with its run.
  Vector<double> state() const {
    const Index n = averages_.rows();
    Vector<double> all(4 + 2 * n + taken_ * (1 + 2 * n));
    all.head(4) << static_cast<double>(every_), static_cast<double>(step_), static_cast<double>(taken_),
        static_cast<double>(n);
    all.segment(4, 2 * n) = averages_.reshaped();
    for (Index i = 0; i < taken_; ++i) {
      const auto& [step, rounded] = snapshots_[static_cast<std::size_t>(i)];
      const Index at = 4 + 2 * n + i * (1 + 2 * n);
      all(at) = static_cast<double>(step);
      all.segment(at + 1, 2 * n) = rounded.template cast<double>().reshaped();
    }
    return all;
  }

  /// Goes on from there with the run. Throws InvalidArgument, as it was, for a state of another number of steps a
  /// snapshot.
  void resume(const Vector<double>& state) {
    if (!may_be_state(state))
      throw InvalidArgument("PostHocAverage::resume", text("the state of one of ", every_, " steps a snapshot"),
                            state.size() > 0 ? text(state.size(), " numbers, the first ", state(0)) : "nothing",
                            "resume what was kept");
    const auto n = static_cast<Index>(state(3));
    step_ = static_cast<Index>(state(1));
    taken_ = static_cast<Index>(state(2));
    averages_ = state.segment(4, 2 * n).reshaped(n, 2);
    snapshots_.assign(static_cast<std::size_t>(taken_), Snapshot{0, Matrix<Scalar>(n, 2)});
    for (Index i = 0; i < taken_; ++i) {
      const Index at = 4 + 2 * n + i * (1 + 2 * n);
      snapshots_[static_cast<std::size_t>(i)].step = static_cast<Index>(state(at));
      snapshots_[static_cast<std::size_t>(i)].averages =
          state.segment(at + 1, 2 * n).reshaped(n, 2).template cast<Scalar>();
    }
  }

 private:
  struct Snapshot {
    Index step;
    Matrix<Scalar> averages;  // n x 2
  };

  /// Whether state() could have told these numbers.
  bool may_be_state(const Vector<double>& state) const {
    if (state.size() < 4 || state(0) != static_cast<double>(every_)) return false;
    const auto size = static_cast<double>(state.size());
    const auto counts = [&](Index i, double most) {
      return state(i) >= 0 && state(i) <= most && state(i) == std::floor(state(i));
    };
    if (!counts(1, 1e15) || !counts(2, size) || !counts(3, size)) return false;
    if (size != 4 + 2 * state(3) + state(2) * (1 + 2 * state(3))) return false;
    double before = 0;  // snapshots are of rising steps
    for (double i = 0; i < state(2); ++i) {
      const double step = state(static_cast<Index>(4 + 2 * state(3) + i * (1 + 2 * state(3))));
      if (!(step > before && step <= state(1))) return false;
      before = step;
    }
    return true;
  }

  static double exponent(Index k) {
    static const std::array both{detail::PowerLawProfile::exponent_of(widths[0]),
                                 detail::PowerLawProfile::exponent_of(widths[1])};
    return both[static_cast<std::size_t>(k)];
  }

  /// The shares of the profiles whose sum is nearest to another profile, in mean square over time (algorithm 3).
  static Vector<double> fitted(const std::vector<detail::PowerLawProfile>& profiles,
                               const detail::PowerLawProfile& target) {
    const auto n = static_cast<Index>(profiles.size());
    Matrix<double> products(n, n);
    Vector<double> with_target(n);
    for (Index j = 0; j < n; ++j) {
      const auto& of_column = profiles[static_cast<std::size_t>(j)];
      with_target(j) = of_column.dot(target);
      for (Index i = 0; i < n; ++i) products(i, j) = profiles[static_cast<std::size_t>(i)].dot(of_column);
    }
    // Profiles of unit length, so that early ones, which are narrow and high, do not count for more.
    const Vector<double> scale = products.diagonal().array().rsqrt();
    products = (scale.asDiagonal() * products * scale.asDiagonal()).eval();
    return scale.asDiagonal() * products.ldlt().solve(scale.asDiagonal() * with_target);
  }

  Index every_;
  Index step_ = 0, taken_ = 0;
  Matrix<double> averages_;  // n x 2: of the two widths
  std::vector<Snapshot> snapshots_;
};

}  // namespace scorefield
