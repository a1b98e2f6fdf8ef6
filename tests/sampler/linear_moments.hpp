/// Mean and variance, step by step, of what a sampler makes of one normal number, whose denoiser is linear: exactly, by
/// the sampler's own moves.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::test {

/// Of a number after a step.
struct NumberMoments {
  double mean, variance;
};

/// Of x at the beginning and after each step, from the model's marginal at the first time; Model is a NormalDenoiser of
/// double, and the rule's moves are linear in x, the estimate, what is kept and noise.
template <class Model, class Rule>
std::vector<NumberMoments> linear_moments(const Model& model, const Rule& rule, double mean) {
  constexpr std::size_t k = 1 + Rule::kept;
  using State = Eigen::Matrix<double, static_cast<int>(k), 1>;
  using Map = Eigen::Matrix<double, static_cast<int>(k), static_cast<int>(k)>;
  const auto& times = rule.times();
  State average = State::Zero();
  Map covariance = Map::Zero();
  average(0) = mean, covariance(0, 0) = std::pow(model.deviation(times(0)), 2);
  std::vector<NumberMoments> after{{average(0), covariance(0, 0)}};
  for (Index step = 0; step + 1 < times.size(); ++step) {
    for (std::size_t stage = 0; stage < rule.stages_of(step); ++stage) {
      const auto move = rule.move(step, stage);
      // What a unit of x, of the estimate, of a kept number or of noise becomes.
      const auto response = [&](std::size_t which) {
        const auto unit = [&](std::size_t i) { return broadcast(i == which ? 1.0 : 0.0); };
        State out;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
          const auto packets = move(unit(0), unit(k), unit(1 + I)..., unit(k + 1));
          std::array<double, packet_size<double>> numbers;
          for (std::size_t i = 0; i < k; ++i) {
            store<double>(numbers.data(), packets[i]);
            out(static_cast<Index>(i)) = numbers[0];
          }
        }
        (std::make_index_sequence<Rule::kept>{});
        return out;
      };
      const auto point = rule.at(step, stage);
      // The estimate is offset + share y(point.of).
      const auto estimate_of = [&](double x) {
        Matrix<double> in(model.dimension(), 1), out(model.dimension(), 1);
        in.setConstant(x);
        typename Model::Workspace w;
        NoiseLevels<double> levels(1);
        levels.set(0, model.sde(), point.time);
        if (Rule::estimate == Estimate::score)
          model.score(levels.around(view(std::as_const(in))), view(out), w);
        else
          model.denoise(levels.around(view(std::as_const(in))), view(out), w);
        return out(0, 0);
      };
      const double offset = estimate_of(0), share = estimate_of(1) - offset;
      Map map;
      for (std::size_t i = 0; i < k; ++i) map.col(static_cast<Index>(i)) = response(i);
      const State by_estimate = response(k), by_noise = response(k + 1);
      map.col(static_cast<Index>(point.of)) += share * by_estimate;
      average = (map * average + offset * by_estimate).eval();
      covariance = (map * covariance * map.transpose() + by_noise * by_noise.transpose()).eval();
    }
    after.push_back({average(0), covariance(0, 0)});
  }
  return after;
}

}  // namespace scorefield::test
