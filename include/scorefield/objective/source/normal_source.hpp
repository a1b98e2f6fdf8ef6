/// The standard normal distribution as the source of noise, which diffusion models have.
#pragma once

#include <string>

#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

struct NormalSource {
  void validate(Index) const {}
  std::string settings() const { return settings_text("NormalSource", {}); }

  template <Real Scalar>
  void draw(const Draw& of, MatrixView<Scalar> noise) const {
    Random(of.seed, "training noise").normal(noise, of.first_sample, of.step);
  }
};

}  // namespace scorefield
