/// Stratified training times: one in each part of their distribution.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/uniform_time.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Of a batch of n samples, one has its u in each n-th of [0, 1], which makes losses less noisy; what becomes of u is
/// up to another distribution: StratifiedTime{PowerLawTime{}}. Kingma et al. 2021, arXiv:2107.00630, appendix I.
template <TimeDistribution Of = UniformTime>
struct StratifiedTime {
  Of of = {};

  template <Sde Equation>
  void validate(const Equation& sde) const {
    of.validate(sde);
  }
  std::string settings() const { return settings_text("StratifiedTime", {{"of", of.settings()}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation& sde, Scalar u, Index index, Index count) const {
    return of.draw(sde, (static_cast<Scalar>(index) + u) / static_cast<Scalar>(count), index, count);
  }
};

template <class Of>
StratifiedTime(Of) -> StratifiedTime<Of>;

}  // namespace scorefield
