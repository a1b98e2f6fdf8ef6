/// The independent coupling of data and noise, which diffusion models have.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"

namespace scorefield {

/// Sample j of a batch goes with noise j. At no cost; the only coupling that makes the denoiser that of the equation,
/// whose score stochastic samplers, likelihoods and posterior samplers need.
struct IndependentCoupling {
  void validate() const {}
  std::string settings() const { return settings_text("IndependentCoupling", {}); }
};

}  // namespace scorefield
