/// How well a model denoises images that it was not trained on.
#pragma once

#include <scorefield/scorefield.hpp>
#include <utility>
#include <vector>

namespace mnist {

namespace sf = scorefield;

/// The mean of |sigma(t) s(x_t, t) + eps|^2 / d over images x0 (d x n): the objective of denoising score matching, Song
/// et al. 2021, arXiv:2011.13456, equation 7, for n times in the middle of the n-th parts of [1e-4, 1] and noise that
/// is always the same. Of whatever the network predicts, this is the error in the noise.
template <class Model>
double held_out_loss(const Model& model, const sf::Matrix<float>& images, int threads) {
  constexpr float earliest = 1e-4f;
  const sf::Index d = images.rows();
  const sf::Chunks chunks{images.cols(), model.chunk_size()};
  const sf::Random random(sf::Seed{77}, "held-out noise");
  struct Room {
    sf::Matrix<float> noise, x, score;
    sf::Vector<float> t;
    typename Model::Workspace model;
  };
  const auto batch = [&] { return sf::Matrix<float>(d, chunks.size); };
  std::vector<Room> rooms;
  for (int i = 0; i < threads; ++i)
    rooms.push_back({batch(), batch(), batch(), sf::Vector<float>(chunks.size), model.workspace()});

  std::vector<double> sums(static_cast<std::size_t>(chunks.pieces()));
  sf::parallel_for(chunks.pieces(), threads, [&](sf::Index piece, int worker) {
    auto& [noise, x, score, t, workspace] = rooms[static_cast<std::size_t>(worker)];
    const sf::Index first = chunks.first(piece), n = chunks.length(piece);
    random.normal(sf::columns(noise, 0, n), first, 0);
    for (sf::Index j = 0; j < n; ++j) {
      const float share = (static_cast<float>(first + j) + 0.5f) / static_cast<float>(chunks.count);
      t(j) = earliest + (1 - earliest) * share;
      x.col(j) = model.sde().signal(t(j)) * images.col(first + j) + model.sde().deviation(t(j)) * noise.col(j);
    }
    model.score(sf::columns(std::as_const(x), 0, n), sf::segment(sf::view(std::as_const(t)), 0, n),
                sf::columns(score, 0, n), workspace);
    double sum = 0;
    for (sf::Index j = 0; j < n; ++j)
      sum += static_cast<double>((model.sde().deviation(t(j)) * score.col(j) + noise.col(j)).squaredNorm());
    sums[static_cast<std::size_t>(piece)] = sum;
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(images.size());
}

}  // namespace mnist
