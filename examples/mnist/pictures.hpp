/// What the program shows of samples.
#pragma once

#include <algorithm>
#include <filesystem>
#include <scorefield/picture.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <vector>

#include "../animation.hpp"
#include "digits.hpp"
#include "sampling.hpp"

namespace mnist {

/// A grid of up to 100 samples; of digits that take turns, a row for each.
inline sf::Canvas grid(const Drawing& drawing) {
  const auto& [samples, labels, frames] = drawing;
  const bool in_turn = labels.size() > 1 && labels[0] != labels[1];
  const sf::Index shown = std::min<sf::Index>(100, samples.cols()), rows = std::min(classes, shown),
                  columns = in_turn ? shown / rows : 0;
  sf::Matrix<float> images = samples.leftCols(shown);
  for (sf::Index i = 0; i < rows * columns; ++i) images.col(i) = samples.col(i % columns * rows + i / columns);
  return sf::image_grid(images.leftCols(in_turn ? rows * columns : shown),
                        {.height = image.height, .width = image.width, .columns = columns, .scale = 2, .margin = 2});
}

/// A row a sample: noise on the left, then the last frames, in which the digit appears.
inline sf::Canvas evolution(const std::vector<sf::Matrix<float>>& frames) {
  const auto last = static_cast<sf::Index>(frames.size()) - 1;
  const sf::Index rows = std::min<sf::Index>(8, frames.front().cols()), columns = std::min<sf::Index>(12, last + 1);
  sf::Matrix<float> images(image.size(), rows * columns);
  for (sf::Index row = 0; row < rows; ++row)
    for (sf::Index column = 0; column < columns; ++column)
      images.col(row * columns + column) =
          frames[static_cast<std::size_t>(column == 0 ? 0 : last + 1 - columns + column)].col(row);
  return sf::image_grid(images,
                        {.height = image.height, .width = image.width, .columns = columns, .scale = 2, .margin = 2});
}

/// The frames of an animation: grids of the samples as they form.
inline std::vector<sf::Canvas> evolution_frames(const std::vector<sf::Matrix<float>>& frames) {
  std::vector<sf::Canvas> canvases;
  // Noise in sixteen greys is half as many bytes.
  for (const sf::Matrix<float>& frame : frames)
    canvases.push_back(sf::image_grid((15 * frame).array().round().matrix() / 15,
                                      {.height = image.height, .width = image.width, .scale = 2, .margin = 2}));
  return canvases;
}

/// Samples, white on black, each beside the training image at the least Euclidean distance, black on white: a sample
/// that is a copy shows.
inline sf::Canvas nearest(const sf::Matrix<float>& samples, const sf::Matrix<float>& training, int threads) {
  const sf::Index count = std::min<sf::Index>(40, samples.cols());
  using RowImage = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  sf::Matrix<float> pairs(2 * image.size(), count);
  sf::parallel_for(count, threads, [&](sf::Index j, int) {
    sf::Index best = 0;
    float least = (training.col(0) - samples.col(j)).squaredNorm();
    for (sf::Index i = 1; i < training.cols(); ++i)
      if (const float distance = (training.col(i) - samples.col(j)).squaredNorm(); distance < least)
        least = distance, best = i;
    Eigen::Map<RowImage> pair(pairs.col(j).data(), image.height, 2 * image.width);
    const auto of = [](const float* pixels) { return Eigen::Map<const RowImage>(pixels, image.height, image.width); };
    pair.leftCols(image.width) = of(samples.col(j).data());
    pair.rightCols(image.width) = 1 - of(training.col(best).data()).array();
  });
  return sf::image_grid(pairs,
                        {.height = image.height, .width = 2 * image.width, .columns = 5, .scale = 2, .margin = 8});
}

/// Leaves a drawing in the folder as samples.npy, labels.npy, samples.png and evolution, and returns a list of these.
inline std::string write_drawing(const std::filesystem::path& folder, const Drawing& drawing) {
  const bool labelled = !drawing.labels.empty();
  std::filesystem::remove(folder / "labels.npy");  // of other samples
  sf::write_npy(folder / "samples.npy", drawing.samples, image);
  if (labelled) sf::write_npy(folder / "labels.npy", drawing.labels);
  sf::write_png(folder / "samples.png", grid(drawing));
  sf::write_png(folder / "evolution.png", evolution(drawing.frames));
  const bool animated = examples::write_animation(folder / "evolution.gif", evolution_frames(drawing.frames));
  return sf::text("samples.npy, ", labelled ? "labels.npy, " : "", "samples.png, evolution.png",
                  animated ? ", evolution.gif" : "");
}

}  // namespace mnist
