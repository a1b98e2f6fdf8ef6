/// A diffusion policy: given what it sees, it draws its next positions, acts on half of them, and looks again. Chi et
/// al. 2023, arXiv:2303.04137.
#pragma once

#include <algorithm>
#include <scorefield/scorefield.hpp>

#include "world.hpp"

namespace policy {

inline constexpr sf::Index drawn_moves = 16, acted_moves = 8;
/// Noise on the way lets a draw forget what the network got wrong earlier.
inline constexpr sf::DpmSolverPlusPlus sampler{.steps = 10, .stochasticity = 2};

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::UNet<float>, sf::LinearDenoiserCorrection<float>,
                             sf::Units<float>>;

/// Positions i of paths, 2 x n.
inline auto positions(const sf::Matrix<float>& paths, sf::Index i) {
  return paths.middleRows<2>(2 * std::clamp<sf::Index>(i, 0, most_moves));
}

/// What it sees after i moves, 6 x n: where it is, its last move, so that it goes on with what it began, and the goal.
inline sf::Matrix<float> seen(const sf::Matrix<float>& paths, sf::Index i, const sf::Matrix<float>& tasks) {
  sf::Matrix<float> all(6, paths.cols());
  all << positions(paths, i), positions(paths, i) - positions(paths, i - 1), tasks.bottomRows<2>();
  return all;
}

/// What to learn: the next positions, as seen from each of a path, and what is seen there. Each begins a little beside
/// the path and leads back to it, so that the policy mends its own errors.
inline sf::Dataset<float> windows(const sf::Matrix<float>& paths, const sf::Matrix<float>& tasks, sf::Seed seed) {
  constexpr sf::Index windows = 64;  // of a path: most are at their goals by then
  const sf::Index n = paths.cols();
  sf::Matrix<float> off(2, windows * n), next(2 * drawn_moves, windows * n), given(6, windows * n);
  sf::Random(seed, "off").normal(sf::view(off), 0, 0);
  off *= 0.03f;
  for (sf::Index i = 0; i < windows; ++i) {
    const auto off_here = off.middleCols(i * n, n);
    for (sf::Index m = 1; m <= drawn_moves; ++m)
      next.block(2 * (m - 1), i * n, 2, n) =
          positions(paths, i + m) - positions(paths, i) - static_cast<float>(m) / drawn_moves * off_here;
    given.middleCols(i * n, n) = seen(paths, i, tasks);
    given.block(0, i * n, 2, n) += off_here;
  }
  return {next, given};
}

/// A U-Net on sequences of positions, four of which it takes together, corrects the best linear denoiser.
inline Model untrained(const sf::Dataset<float>& data, sf::Seed seed) {
  const sf::UNet<float> network({.height = 1, .width = drawn_moves, .channels = 2},
                                {.widths = {32, 64}, .fold = 4, .embedding = 64, .condition = data.condition_size()});
  const auto units = sf::Units<float>::fit(data);
  const auto linear =
      sf::LinearDenoiserCorrection<float>::fit(units.to_model(data), {.covariance = sf::Covariance::full});
  return {sf::VariancePreserving<float>{}, network, linear, units, seed};
}

inline const sf::Trainer trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}, sf::VelocityWeighting{}},
                                 sf::Muon{.learning_rate = 6e-3, .beta2 = 0.99},
                                 sf::Warmup<sf::CosineRate>{.steps = 100}};

/// The paths of the policy for the tasks, 2 (1 + most_moves) x n. Where it is at the goal it stays.
inline sf::Matrix<float> roll_out(const Model& model, const sf::Matrix<float>& tasks, sf::Seed seed, int threads) {
  sf::Matrix<float> paths = tasks.topRows<2>().replicate(1 + most_moves, 1);
  for (sf::Index i = 0; i < most_moves; i += acted_moves) {
    const auto next = sf::sample(model, sampler, tasks.cols(), seed,
                                 {.first = i * tasks.cols(), .threads = threads, .condition = seen(paths, i, tasks)});
    for (sf::Index m = 1; m <= acted_moves; ++m)
      for (sf::Index j = 0; j < tasks.cols(); ++j) {
        const Point last = positions(paths, i + m - 1).col(j), goal = tasks.col(j).tail<2>();
        const Point moved = positions(paths, i).col(j) + next.col(j).segment<2>(2 * (m - 1));
        paths.col(j).segment<2>(2 * (i + m)) = (last - goal).norm() <= goal_radius ? last : moved;
      }
  }
  return paths;
}

}  // namespace policy
