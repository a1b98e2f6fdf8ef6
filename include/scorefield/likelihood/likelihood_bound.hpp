/// The variational bound on the log density (ELBO), from the denoising loss, without a solver.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/likelihood/detail/affine_prior.hpp"
#include "scorefield/likelihood/detail/own_points.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/half_log_snr.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

struct BoundOptions {
  Index draws = 64;        // a multiple of 4: of a noise level and noise for each sample, an evaluation each
  Seed seed = 0;           // of the draws
  std::int64_t first = 0;  // the number of the first sample, by which its draws are made
  double first_level =
      1e-3;         // from 64 roundings on: the noise level sigma / alpha from which data are told by that noise alone
  int threads = 0;  // 0: all
  Condition condition = {};  // what the samples are given: k x 1, or k x n
};

/// Of n samples.
struct LikelihoodBound {
  Vector<double> value;           // of at most log p(x), in nats, in the data's units
  Vector<double> standard_error;  // by the draws; a little small for samples of which few draws tell most
};

namespace detail {

/// Noise levels to be drawn: lambda = log(alpha / sigma) of a logistic distribution, whose scale is wider than that of
/// what is integrated, between the last level and the first.
class BoundLevels {
 public:
  /// last may be minus infinity.
  BoundLevels(double last, double first)
      : last_(last), first_(first), lowest_(chance(last)), share_(chance(first) - lowest_) {}

  /// The level at u in (0, 1], and the reciprocal of its density.
  std::pair<double, double> at(double u) const {
    const double below = multiply_add(u, share_, lowest_);
    return {std::clamp(scale * std::log(below / (1 - below)), last_, first_), scale * share_ / (below * (1 - below))};
  }

 private:
  static constexpr double scale = 1.25;
  static double chance(double lambda) { return 1 / (1 + std::exp(-lambda / scale)); }

  double last_, first_, lowest_, share_;
};

}  // namespace detail

/// A bound on log p(x | condition) of each column of x (d x n), in the data's units, which needs no derivatives. With
/// lambda = log(alpha / sigma), eps the noise and eps' what the denoiser takes for it,
///   log p(x) >= -KL(q(x_1 | x) || prior) - int E|eps - eps'|^2 dlambda + E log N(x; x_0 / alpha, first_level^2),
/// where x_0 stands at the first level: Kingma et al. 2021, arXiv:2107.00630, equations 11 to 18; Song et al. 2021,
/// arXiv:2101.09258, theorem 3. The density is that of what stochastic samplers draw; an exact denoiser reaches it;
/// where a network is none, the flow's log density is another number, and may be below. The integral is a
/// mean over draws in pairs of a noise and its opposite, of which two are from each of equal shares of the levels; the
/// integral of data of variance 1 is known and not drawn.
///
/// The value of a sample has the same bits whatever the others and the threads. Throws as log_density does, and for
/// draws that are no multiple of 4.
template <class Model>
LikelihoodBound likelihood_bound(const Model& model, const Matrix<typename Model::Scalar>& x,
                                 const BoundOptions& options = {}) {
  static_assert(Denoiser<Model>,
                "likelihood_bound: the first argument is a denoiser, with denoise and prior; "
                "scorefield/model/concept.hpp says what is missing, model/score_model.hpp shows one");
  using Scalar = typename Model::Scalar;
  static constexpr const char* name = "likelihood_bound";
  const Index d = model.dimension(), n = x.cols(), draws = options.draws;
  const auto numbers = static_cast<double>(d);
  constexpr Index most_draws = 1 << 20;
  if (draws < 4 || draws > most_draws || draws % 4 != 0)
    throw InvalidArgument(name, text("draws in fours, up to ", most_draws), text(draws), "64 are usual");
  detail::check_sample_range(name, draws * d, n, options.first);
  const detail::FlowEnds<Scalar> ends(name, model.sde(), 0, options.first_level);
  const detail::AffinePrior<Scalar> prior(name, model);
  const Matrix<Scalar> own = detail::own_points(name, model, x), told = detail::told(name, model, options.condition, n);
  const detail::BoundLevels levels(half_log_snr(model.sde(), Scalar(1)), -std::log(options.first_level));
  const Random uniforms(options.seed, "bound levels"), normals(options.seed, "bound noise");

  struct Room {
    Matrix<Scalar> noise, noisy, denoised, told;
    Vector<double> weight;
    NoiseLevels<Scalar> levels;
    typename Model::Workspace model;
  };
  const Chunks chunks{n * draws, model.chunk_size()};
  const int threads = resolve_threads(options.threads);
  std::vector<Room> rooms;
  for (Index i = 0; i < std::min<Index>(threads, chunks.pieces()); ++i) {
    const Index columns = model.chunk_size();
    rooms.push_back({Matrix<Scalar>(d, columns), Matrix<Scalar>(d, columns), Matrix<Scalar>(d, columns),
                     Matrix<Scalar>(told.rows(), columns), Vector<double>(columns), NoiseLevels<Scalar>(columns),
                     model.workspace()});
  }
  Matrix<double> losses(draws, n);
  // Column c is of sample c / draws and draw c % draws.
  parallel_for(chunks.pieces(), threads, [&](Index piece, int worker) {
    auto& room = rooms[static_cast<std::size_t>(worker)];
    const Index first = chunks.first(piece), count = chunks.length(piece);
    for (Index c = 0; c < count; ++c) {
      const Index j = (first + c) / draws, draw = (first + c) % draws, pair = draw / 2;
      double u = 0;
      uniforms.uniform(MatrixView<double>(&u, 1, 1), options.first + j, pair);
      const auto [lambda, weight] = levels.at((static_cast<double>(draw / 4) + u) / static_cast<double>(draws / 4));
      const Scalar t = time_of_half_log_snr(model.sde(), lambda);
      room.levels.set(c, model.sde(), t);
      room.weight(c) = weight;
      auto noise = columns(room.noise, c, 1);
      normals.normal(noise, options.first + j, pair);
      if (draw % 2 == 1) noise *= Scalar(-1);
      const Scalar alpha = model.sde().signal(t), sigma = model.sde().deviation(t);
      for (Index i = 0; i < d; ++i) room.noisy(i, c) = multiply_add(alpha, own(i, j), sigma * noise(i, 0));
      room.told.col(c) = told.col(j);
    }
    const auto batch =
        room.levels.around(columns(std::as_const(room.noisy), 0, count), columns(std::as_const(room.told), 0, count));
    model.denoise(batch, columns(room.denoised, 0, count), room.model);
    for (Index c = 0; c < count; ++c) {
      const Index j = (first + c) / draws;
      const auto alpha = static_cast<double>(batch.alpha(c)), sigma = static_cast<double>(batch.sigma(c));
      const double square = multiply_add(alpha, alpha, sigma * sigma);
      const double share = alpha * alpha / square, ratio = alpha / sigma;
      double loss = 0;
      for (Index i = 0; i < d; ++i) {
        const double eps = static_cast<double>(room.noise(i, c));
        const double error = ratio * (static_cast<double>(room.denoised(i, c)) - static_cast<double>(own(i, j)));
        // Of data of variance 1: their mean is subtracted, and what the squares of the noise tell of them.
        loss += multiply_add(error, error, -share * multiply_add(share, multiply_add(eps, eps, -1.0), 1.0));
      }
      losses((first + c) % draws, j) = room.weight(c) * loss;
    }
  });

  const auto alpha = static_cast<double>(model.sde().signal(Scalar(1))),
             sigma = static_cast<double>(model.sde().deviation(Scalar(1)));
  const double precision = prior.precision();
  // Of each number: the integral for data of variance 1, and the entropy of the noise at the first level.
  const double each = std::log(std::sin(ends.last_angle) / std::sin(ends.first_angle)) +
                      std::log(2 * std::numbers::pi) / 2 + 0.5 + std::log(options.first_level);
  LikelihoodBound result{Vector<double>(n), Vector<double>(n)};
  for (Index j = 0; j < n; ++j) {
    double sum = 0, squares = 0;
    for (Index draw = 0; draw < draws; draw += 4) {
      const double first = losses(draw, j) + losses(draw + 1, j), second = losses(draw + 2, j) + losses(draw + 3, j);
      sum += first + second;
      squares = multiply_add(first - second, first - second, squares);
    }
    double length = 0;
    for (const double z : prior.inverse(alpha * own.col(j).template cast<double>()))
      length = multiply_add(z, z, length);
    const double to_prior =
        multiply_add(-numbers, std::log(sigma),
                     multiply_add(0.5, multiply_add(sigma * sigma, precision, length - numbers), prior.log_scale()));
    result.value(j) = multiply_add(-numbers, each, -to_prior) - sum / static_cast<double>(draws);
    result.standard_error(j) = std::sqrt(squares) / static_cast<double>(draws);
  }
  detail::add_log_derivative(model, x, result.value);
  detail::check_each_finite(name, "bounds", result.value);
  return result;
}

}  // namespace scorefield
