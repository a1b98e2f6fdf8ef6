/// Stochastic gradient descent (SGD) with momentum.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// v = momentum v + g, p -= rate v: Polyak 1964 in the form of Sutskever et al. 2013, where the rate is outside.
struct Sgd {
  double learning_rate = 1e-2;
  double momentum = 0.9;

  static constexpr std::size_t state_vectors = 1;  // the velocity

  void validate() const {
    if (!(learning_rate > 0 && std::isfinite(learning_rate)))
      throw InvalidArgument("Sgd", "a positive learning rate", text(learning_rate), "1e-2 is usual");
    if (!(momentum >= 0 && momentum < 1))
      throw InvalidArgument("Sgd", "momentum in [0, 1)", text(momentum), "0.9 is usual, 0 turns it off");
  }

  std::string settings() const {
    return settings_text("Sgd", {{"learning_rate", learning_rate}, {"momentum", momentum}});
  }

  template <Real Scalar>
  void update(VectorView<Scalar> p, ConstVectorView<Scalar> g, std::array<VectorView<Scalar>, 1> state, double rate,
              Index) const {
    const auto keep = broadcast(static_cast<Scalar>(momentum)), step = broadcast(static_cast<Scalar>(-rate));
    const auto move = [&](const auto& x, const auto& gradient, const auto& old_velocity) {
      const auto velocity = multiply_add(keep, old_velocity, gradient);
      return std::array{multiply_add(step, velocity, x), velocity};
    };
    Scalar* const velocity = state[0].data();
    transform(std::array{p.data(), velocity}, p.size(), move, p.data(), g.data(), velocity);
  }
};

}  // namespace scorefield
