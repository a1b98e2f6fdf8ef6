/// The recipe that is measured: the Swiss roll, an MLP of three hidden layers, Adam, denoising score matching.
/// benchmarks/peers does the same work with other libraries.
#pragma once

#include <algorithm>
#include <scorefield/data.hpp>
#include <scorefield/model.hpp>
#include <scorefield/network.hpp>
#include <scorefield/objective.hpp>
#include <scorefield/optimizer.hpp>
#include <scorefield/sde.hpp>
#include <scorefield/training.hpp>

namespace bench {

namespace sf = scorefield;

/// 1,000 points, which batches of 256 cut into 256, 256, 256 and 232, or as many as a larger batch has.
template <sf::Real Scalar>
sf::Dataset<Scalar> data(sf::Index batch_size) {
  return sf::swiss_roll<Scalar>(std::max<sf::Index>(1000, batch_size), {.noise = 1, .seed = 0});
}

/// Three hidden layers of `width`.
template <sf::Real Scalar>
auto model(sf::Index width) {
  return sf::ScoreModel{sf::VariancePreserving<Scalar>{}, sf::DynamicMlp<Scalar>(2, {width, width, width}),
                        sf::Seed{0}};
}

inline auto trainer() { return sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 3e-4}}; }

/// Floating-point operations a sample: the products alone, a multiply-add being two.
struct Flops {
  double evaluate, train;
};

/// A product with each weight forward, and backward two, by the input and by the weight; nobody asks for the gradient
/// by the network's input.
template <class Model>
Flops flops(const Model& model) {
  const auto layout = model.network().layout();
  double all = 0, first = 0;
  for (const auto& piece : layout.pieces()) {
    if (!piece.name.ends_with("weight")) continue;
    const auto size = static_cast<double>(piece.size());
    if (all == 0) first = size;
    all += size;
  }
  return {2 * all, 6 * all - 2 * first};
}

}  // namespace bench
