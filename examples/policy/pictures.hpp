/// What the program shows of paths.
#pragma once

#include <algorithm>
#include <scorefield/picture.hpp>
#include <string>

#include "policy.hpp"

namespace policy {

/// The first paths, up to 120, around the obstacle, each in the colour of its side, or black where it touches.
inline sf::PlotPanel panel(const std::string& title, const sf::Matrix<float>& paths) {
  constexpr sf::Colour blue{0.10f, 0.36f, 0.66f}, vermilion{0.84f, 0.33f, 0.12f}, grey{0.27f, 0.29f, 0.33f};
  const auto shown = paths.leftCols(std::min<sf::Index>(120, paths.cols()));
  sf::PlotPanel all{title, {sf::Discs(Point::Zero(), static_cast<double>(obstacle_radius), {.colour = grey})}};
  for (const auto& path : shown.colwise()) {
    const auto of = passage(path);
    const auto colour = of.clearance <= 0 ? sf::Colour{} : of.on_the_left ? blue : vermilion;
    all.layers.push_back(sf::Paths(path, {.colour = colour, .opacity = 0.6}));
  }
  all.layers.push_back(sf::Paths(shown.topRows<2>(), {.colour = grey, .width = 3.5}));
  return all;
}

/// Demonstrations, what the policy draws at one start before it acts, and its paths.
inline sf::Canvas picture(const sf::Matrix<float>& demonstrated, const Model& model, const sf::Matrix<float>& paths) {
  const Eigen::Vector4f task{0, -1.15f, 0, 1.1f};
  sf::Matrix<float> draws = task.head<2>().replicate(1 + drawn_moves, 60);
  draws.bottomRows<2 * drawn_moves>() +=
      sf::sample(model, sampler, draws.cols(), sf::Seed{0}, {.condition = seen(task, 0, task)});
  return sf::plot({panel("demonstrations", demonstrated), panel("60 draws of the next 16 positions", draws),
                   panel("the policy", paths)},
                  {.range = sf::AxisRange{-1.4, 1.4}});
}

}  // namespace policy
