/// The images to learn, with their labels if asked for: MNIST's files, or digits that are drawn where these are not at
/// hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <scorefield/data/image/glyphs.hpp>
#include <scorefield/data/image/idx.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../arguments.hpp"
#include "labels.hpp"

namespace mnist {

inline constexpr sf::ImageShape image{.height = 28, .width = 28, .channels = 1};

struct Digits {
  sf::Dataset<float> training;  // 784 x n, in [0, 1]
  sf::Dataset<float> held_out;  // the last tenth, but no more than 5,000
};

/// Images that are told these conditions, or none where these have no rows.
inline sf::Dataset<float> dataset(sf::Matrix<float> samples, sf::Matrix<float> conditions) {
  if (conditions.rows() == 0) return {std::move(samples)};
  return {std::move(samples), std::move(conditions)};
}

namespace detail {

inline Digits split(sf::Matrix<float> samples, const std::vector<int>& labels) {
  const sf::Index held = std::min<sf::Index>(5000, samples.cols() / 10), rest = samples.cols() - held;
  auto told = conditions(labels);
  auto held_out = dataset(samples.rightCols(held), told.rightCols(std::min(held, told.cols())));
  samples.conservativeResize(Eigen::NoChange, rest);
  told.conservativeResize(Eigen::NoChange, rest);
  return {dataset(std::move(samples), std::move(told)), std::move(held_out)};
}

/// MNIST's file of training images (rank 3) or labels (rank 1) in a folder, by any of its usual names.
inline std::filesystem::path find(const std::filesystem::path& folder, const char* what, int rank, const char* hint) {
  std::string looked_for;
  for (const char* point : {"-", "."})
    for (const char* end : {"", ".gz"}) {
      const auto name = sf::text("train-", what, point, "idx", rank, "-ubyte", end);
      if (std::filesystem::exists(folder / name)) return folder / name;
      looked_for += (looked_for.empty() ? "" : ", ") + name;
    }
  throw examples::UsageError("--data " + folder.string() + ": expected one of " + looked_for + " there, got none; " +
                             hint);
}

/// The labels of so many images.
inline std::vector<int> read_labels(const std::filesystem::path& folder, sf::Index images) {
  const auto path = find(folder, "labels", 1, "leave --labels out to learn without");
  auto labels = sf::read_idx_labels(path);
  const auto refuse = [&](const std::string& expected, const std::string& got) {
    throw examples::UsageError("--labels: expected " + expected + " in " + path.string() + ", got " + got);
  };
  if (static_cast<sf::Index>(labels.size()) != images)
    refuse(sf::text("a label for each of ", images, " images"), sf::text(labels.size()));
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= classes) refuse("labels from 0 to 9", sf::text(labels[i], " for image ", i));
  return labels;
}

}  // namespace detail

/// The training images of MNIST in a folder.
inline Digits read_digits(const std::filesystem::path& folder, bool labelled) {
  if (std::filesystem::is_regular_file(folder))
    throw examples::UsageError("--data " + folder.string() +
                               ": expected a folder, got a file; give the folder it is in");
  const auto path = detail::find(folder, "images", 3, "leave --data out to learn digits that are drawn instead");
  auto images = sf::read_idx_images<float>(path);
  const sf::Index n = images.samples.cols();
  if (images.height != image.height || images.width != image.width || n < 10)
    throw examples::UsageError(sf::text("--data: expected at least 10 images of 28 x 28 in ", path.string(), ", got ",
                                        n, " of ", images.height, " x ", images.width));
  return detail::split(std::move(images.samples), labelled ? detail::read_labels(folder, n) : std::vector<int>{});
}

inline Digits drawn_digits(bool labelled) {
  auto drawn = sf::glyphs<float>(20'000);
  return detail::split(std::move(drawn.samples), labelled ? drawn.labels : std::vector<int>{});
}

}  // namespace mnist
