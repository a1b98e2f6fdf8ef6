/// Stratified training times: one in each part of their distribution.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/uniform_time.hpp"

namespace scorefield {

/// Of a batch of n samples, one has its u in each n-th of [0, 1], which makes losses less noisy; what becomes of u is
/// up to another distribution: StratifiedTime{PowerLawTime{}}. Kingma et al. 2021, arXiv:2107.00630, appendix I.
template <TimeDistribution Of = UniformTime>
struct StratifiedTime {
  Of of = {};

  void validate() const { of.validate(); }
  std::string settings() const { return settings_text("StratifiedTime", {{"of", of.settings()}}); }

  template <Real Scalar>
  WeightedTime<Scalar> draw(Scalar u, Index index, Index count) const {
    return of.draw((static_cast<Scalar>(index) + u) / static_cast<Scalar>(count), index, count);
  }
};

template <class Of>
StratifiedTime(Of) -> StratifiedTime<Of>;

}  // namespace scorefield
