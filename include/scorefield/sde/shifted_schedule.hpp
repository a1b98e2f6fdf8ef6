/// Another noise schedule with its log signal-to-noise ratio shifted by a constant.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// The schedule of a variance-preserving equation whose half log signal-to-noise ratio is that of another one plus
/// `shift` at all times. Neighbouring pixels of larger images tell more about each other, so that it takes more noise
/// to hide what they show: a schedule that suits images of side 64 suits those of another side by log(64 / side).
/// Hoogeboom et al. 2023, arXiv:2301.11093, section 3.1, whose log SNR moves by twice that.
template <NoiseSchedule Of>
class ShiftedSchedule {
 public:
  using Scalar = typename Of::Scalar;

  /// Throws InvalidArgument unless the shift is in [-10, 10].
  ShiftedSchedule(Of of, Scalar shift)
      : of_(std::move(of)), shift_(shift), odds_(std::exp(-2 * static_cast<double>(shift))) {
    if (!(std::abs(shift) <= 10))
      throw InvalidArgument("ShiftedSchedule", "a shift of half the log signal-to-noise ratio in [-10, 10]",
                            text(shift), "it is log(64 / side) for images, negative where they are larger");
  }

  std::string settings() const requires HasSettings<Of> {
    return settings_text("ShiftedSchedule", {{"of", of_.settings()}, {"shift", shift_}});
  }
  static ShiftedSchedule from_settings(const ReadSettings& settings) requires HasSettings<Of> {
    settings.of("ShiftedSchedule");
    return {Of::from_settings(ReadSettings(settings.get<std::string>("of"))), settings.get<Scalar>("shift")};
  }

  Scalar rate(Scalar t) const {
    const auto before = static_cast<double>(of_.integral(t));
    return static_cast<Scalar>(static_cast<double>(of_.rate(t)) * odds_ /
                               multiply_add(odds_, -std::expm1(-before), std::exp(-before)));
  }
  Scalar integral(Scalar t) const { return static_cast<Scalar>(moved(static_cast<double>(of_.integral(t)), odds_)); }

  Scalar time_of_integral(double integral) const requires InvertibleSchedule<Of> {
    return of_.time_of_integral(moved(integral, 1 / odds_));
  }

 private:
  /// The integral at which exp(integral) - 1, the ratio of noise to signal, is `odds` times as large.
  static double moved(double integral, double odds) {
    return integral < 600 ? std::log1p(odds * std::expm1(integral)) : integral + std::log(odds);
  }

  Of of_;
  Scalar shift_;
  double odds_;
};

}  // namespace scorefield
