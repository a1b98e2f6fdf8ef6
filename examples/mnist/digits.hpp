/// The images to learn: MNIST's files, or digits that are drawn where these are not at hand.
#pragma once

#include <algorithm>
#include <filesystem>
#include <scorefield/data/image/glyphs.hpp>
#include <scorefield/data/image/idx.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>

#include "../arguments.hpp"

namespace mnist {

namespace sf = scorefield;

inline constexpr sf::ImageShape image{.height = 28, .width = 28, .channels = 1};

struct Digits {
  sf::Dataset<float> training;  // 784 x n, in [0, 1]
  sf::Matrix<float> held_out;   // the last tenth, but no more than 5,000
};

namespace detail {

inline Digits split(sf::Matrix<float> samples) {
  const sf::Index held = std::min<sf::Index>(5000, samples.cols() / 10);
  sf::Matrix<float> held_out = samples.rightCols(held);
  samples.conservativeResize(Eigen::NoChange, samples.cols() - held);
  return {std::move(samples), std::move(held_out)};
}

}  // namespace detail

/// The training images of MNIST in a folder, by any of their usual names.
inline Digits read_digits(const std::filesystem::path& folder) {
  if (std::filesystem::is_regular_file(folder))
    throw examples::UsageError("--data " + folder.string() +
                               ": expected a folder, got a file; give the folder it is in");
  std::string looked_for;
  for (const char* name : {"train-images-idx3-ubyte", "train-images.idx3-ubyte"})
    for (const char* end : {"", ".gz"}) {
      const auto path = folder / (std::string(name) + end);
      if (!std::filesystem::exists(path)) {
        looked_for += (looked_for.empty() ? "" : ", ") + path.filename().string();
        continue;
      }
      auto images = sf::read_idx_images<float>(path);
      if (images.height != image.height || images.width != image.width || images.samples.cols() < 10)
        throw examples::UsageError(sf::text("--data: expected at least 10 images of 28 x 28 in ", path.string(),
                                            ", got ", images.samples.cols(), " of ", images.height, " x ",
                                            images.width));
      return detail::split(std::move(images.samples));
    }
  throw examples::UsageError("--data " + folder.string() + ": expected one of " + looked_for +
                             " there, got none; leave --data out to learn digits that are drawn instead");
}

inline Digits drawn_digits() { return detail::split(sf::glyphs<float>(20'000).samples); }

}  // namespace mnist
