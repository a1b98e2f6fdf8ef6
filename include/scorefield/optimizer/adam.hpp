/// The Adam optimizer, and AdamW: with decoupled weight decay.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Steps of about the learning rate whatever the gradient's scale. Kingma and Ba 2015, arXiv:1412.6980, algorithm 1;
/// with weight_decay > 0 it is AdamW, Loshchilov and Hutter 2019, arXiv:1711.05101, whose decay, lambda / alpha of
/// their algorithm 2, is multiplied by the whole learning rate.
struct Adam {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;

  static constexpr std::size_t state_vectors = 2;  // running means of the gradient and of its square

  void validate() const {
    if (!(learning_rate > 0 && std::isfinite(learning_rate)))
      throw InvalidArgument("Adam", "a positive learning rate", text(learning_rate), "1e-3 is usual");
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1))
      throw InvalidArgument("Adam", "beta1 and beta2 in [0, 1)", text(beta1, " and ", beta2),
                            "0.9 and 0.999 are usual");
    constexpr double least = std::numeric_limits<float>::min();  // smaller ones may count as 0
    if (!(epsilon >= least && weight_decay >= 0 && std::isfinite(epsilon) && std::isfinite(weight_decay)))
      throw InvalidArgument("Adam", "finite epsilon >= 1.2e-38 and weight_decay >= 0",
                            text(epsilon, " and ", weight_decay), "1e-8 and 0 are usual");
  }

  std::string settings() const {
    return settings_text("Adam", {{"learning_rate", learning_rate},
                                  {"beta1", beta1},
                                  {"beta2", beta2},
                                  {"epsilon", epsilon},
                                  {"weight_decay", weight_decay}});
  }

  template <Real Scalar>
  void update(VectorView<Scalar> p, ConstVectorView<Scalar> g, std::array<VectorView<Scalar>, 2> state, double rate,
              Index step) const {
    const auto number = [](double x) { return broadcast(static_cast<Scalar>(x)); };
    const auto k = static_cast<double>(step);
    const auto b1 = number(beta1), b2 = number(beta2), one_minus_b1 = number(1 - beta1),
               one_minus_b2 = number(1 - beta2);
    const auto mean_scale = number(-rate / (1 - std::pow(beta1, k)));
    const auto square_scale = number(1 / (1 - std::pow(beta2, k)));
    const auto keep = number(multiply_add(-rate, weight_decay, 1.0)), least = number(epsilon);
    const auto move = [&](const auto& x, const auto& gradient, const auto& old_mean, const auto& old_square) {
      const auto mean = multiply_add(b1, old_mean, multiply(one_minus_b1, gradient));
      const auto square = multiply_add(b2, old_square, multiply(one_minus_b2, multiply(gradient, gradient)));
      const auto deviation = add(square_root(multiply(square_scale, square)), least);
      return std::array{multiply_add(keep, x, divide(multiply(mean_scale, mean), deviation)), mean, square};
    };
    Scalar *mean = state[0].data(), *square = state[1].data();
    transform(std::array{p.data(), mean, square}, p.size(), move, p.data(), g.data(), mean, square);
  }
};

}  // namespace scorefield
