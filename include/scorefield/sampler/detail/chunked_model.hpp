/// A model that is asked about a batch of samples chunk by chunk, on several threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/sample_options.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::detail {

/// All of a stepper that does not depend on the rule. Refers to the model.
template <Denoiser Model>
class ChunkedModel {
 public:
  using Scalar = typename Model::Scalar;

  /// What a thread works with.
  struct Room {
    NoiseLevels<Scalar> levels;
    Matrix<Scalar> estimate, noise;  // d x chunk_size
    typename Model::Workspace model;
  };

  /// For `count` samples. Throws InvalidArgument for those that are not in [0, most_samples), more of them than a
  /// matrix can index, and a condition that is not the model's.
  ChunkedModel(const Model& model, Index count, const SampleOptions& options)
      : model_(&model), first_(options.first), threads_(resolve_threads(options.threads)) {
    const Index d = model.dimension(), n = model.chunk_size();
    check_sample_range("sample", d, count, first_);
    condition_ = told("sample", model, options.condition, count);
    chunks_ = cut(count, n);
    for (Index i = 0; i < std::min<Index>(threads_, chunks_.pieces()); ++i)
      rooms_.push_back({NoiseLevels<Scalar>(n), Matrix<Scalar>(d, n), Matrix<Scalar>(Matrix<Scalar>::Zero(d, n)),
                        model.workspace()});
  }

  const Model& model() const { return *model_; }

  /// Calls f(first, n, room) for each chunk: n columns from `first` on.
  template <class F>
  void for_each(const F& f) {
    parallel_for(chunks_.pieces(), threads_, [&](Index i, int worker) {
      f(chunks_.first(i), chunks_.length(i), rooms_[static_cast<std::size_t>(worker)]);
    });
  }

  /// Samples of the model's prior, d x count.
  Matrix<Scalar> prior(Seed seed) {
    Matrix<Scalar> samples(model_->dimension(), chunks_.count);
    const Random normals(seed, "prior");
    for_each([&](Index first, Index n, Room& room) {
      const auto z = columns(samples, first, n);
      normals.normal(z, first_ + first, 0);
      model_->prior(z, room.model);
    });
    return samples;
  }

  /// Standard normals for the n columns from `first` on, others for each evaluation of the model.
  void draw_noise(const Random& noise, Index first, Index n, Index evaluation, Room& room) const {
    noise.normal(columns(room.noise, 0, n), first_ + first, evaluation);
  }

  /// What a rule asks of the model about samples x (d x n), the n columns from `first` on, at the room's levels.
  void evaluate(Estimate estimate, ConstMatrixView<Scalar> x, Index first, Room& room) const {
    const auto batch = room.levels.around(x, columns(condition_, first, x.cols()));
    auto out = columns(room.estimate, 0, batch.size());
    if (estimate == Estimate::denoised) {
      model_->denoise(batch, out, room.model);
    } else if constexpr (requires { model_->score(batch, out, room.model); }) {
      model_->score(batch, out, room.model);
    } else {  // by Tweedie's formula
      model_->denoise(batch, out, room.model);
      for (Index j = 0; j < out.cols(); ++j) {
        const Scalar precision = 1 / (batch.sigma(j) * batch.sigma(j));
        for (Index i = 0; i < out.rows(); ++i)
          out(i, j) = precision * multiply_add(batch.alpha(j), out(i, j), -batch.x(i, j));
      }
    }
  }

 private:
  /// Of the model's size or less: from four on a multiple of four alike ones, so that two or four threads have nothing
  /// to wait for at the end.
  static Chunks cut(Index count, Index chunk_size) {
    const Chunks whole{count, chunk_size};
    if (whole.pieces() < 4 || whole.pieces() % 4 == 0) return whole;
    const Index pieces = 4 * Chunks{whole.pieces(), 4}.pieces();
    return {count, Chunks{count, pieces}.pieces()};
  }

  const Model* model_;
  std::int64_t first_;
  int threads_;
  Chunks chunks_;
  Matrix<Scalar> condition_;  // what the network is told for each sample
  std::vector<Room> rooms_;
};

}  // namespace scorefield::detail
