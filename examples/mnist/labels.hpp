/// Which digits images show, or are to show, and how a network is told.
#pragma once

#include <cstddef>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <vector>

namespace mnist {

namespace sf = scorefield;

inline constexpr sf::Index classes = 10;

/// What a network is told of labels, 10 x n; nothing where there are none.
inline sf::Matrix<float> conditions(const std::vector<int>& labels) {
  return labels.empty() ? sf::Matrix<float>() : sf::one_hot<float>(labels, classes);
}

/// The labels of n samples from number `first` on: all of one digit, or without one 0, 1, ..., 9, 0, ... in turn.
inline std::vector<int> labels_to_draw(const std::optional<int>& digit, sf::Index first, sf::Index n) {
  std::vector<int> labels(static_cast<std::size_t>(n));
  for (auto& label : labels) label = digit.value_or(static_cast<int>(first++ % classes));
  return labels;
}

}  // namespace mnist
