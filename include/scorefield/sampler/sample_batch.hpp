/// What steppers share: the batch of samples, drawn from the prior, in chunks with a workspace for each thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"

namespace scorefield {

template <ScoreFunction Model>
class SampleBatch {
 public:
  using Scalar = typename Model::Scalar;

  /// A chunk of the batch, and room for its score and for noise, all d x n.
  struct Chunk {
    Index first;                // its first column in the batch
    std::int64_t first_sample;  // and that one's number in the stream of samples
    MatrixView<Scalar> x, score, noise;
  };

  /// Draws from the normal prior of deviation sigma(1). Throws InvalidArgument for samples that are not in
  /// [0, most_samples), and more of them than a matrix can index.
  SampleBatch(const Model& model, const SampleRequest& request)
      : model_(&model),
        request_(validated(model, request)),
        threads_(resolve_threads(request.threads)),
        chunks_(cut(request.count, model.chunk_size())),
        noise_(request.seed, "reverse noise") {
    x_.resize(model.dimension(), request.count);
    const Index n = model.chunk_size();
    for (Index i = 0; i < std::min<Index>(threads_, chunks_.pieces()); ++i)
      rooms_.push_back({Vector<Scalar>(n), Matrix<Scalar>(model.dimension(), n), Matrix<Scalar>(model.dimension(), n),
                        model.workspace()});
    const Random prior(request.seed, "prior");
    parallel_for(chunks_.pieces(), threads_, [&](Index i, int) {
      prior.normal(columns(x_, chunks_.first(i), chunks_.length(i)), request_.first + chunks_.first(i), 0);
    });
    x_ *= model.sde().deviation(Scalar(1));
  }

  const Model& model() const { return *model_; }
  const Matrix<Scalar>& samples() const { return x_; }

  /// Calls f(chunk) for each chunk, its score evaluated at time t.
  template <class F>
  void with_score(Scalar t, const F& f) {
    parallel_for(chunks_.pieces(), threads_, [&](Index i, int worker) {
      auto& room = rooms_[static_cast<std::size_t>(worker)];
      const Index first = chunks_.first(i), n = chunks_.length(i);
      room.time.setConstant(t);
      const Chunk chunk{first, request_.first + first, columns(x_, first, n), columns(room.score, 0, n),
                        columns(room.noise, 0, n)};
      model_->score(columns(std::as_const(x_), first, n), segment(view(std::as_const(room.time)), 0, n), chunk.score,
                    room.model);
      f(chunk);
    });
  }

  /// Standard normals into the chunk's noise, others for each step.
  void draw_noise(const Chunk& chunk, Index step) const { noise_.normal(chunk.noise, chunk.first_sample, step); }

 private:
  static const SampleRequest& validated(const Model& model, const SampleRequest& request) {
    detail::check_sample_range("sample", model.dimension(), request.count, request.first);
    return request;
  }

  /// Of the model's size or less: from four on a multiple of four alike ones, so that two or four threads have nothing
  /// to wait for at the end.
  static Chunks cut(Index count, Index chunk_size) {
    const Chunks whole{count, chunk_size};
    if (whole.pieces() < 4 || whole.pieces() % 4 == 0) return whole;
    const Index pieces = 4 * Chunks{whole.pieces(), 4}.pieces();
    return {count, Chunks{count, pieces}.pieces()};
  }

  struct Room {
    Vector<Scalar> time;
    Matrix<Scalar> score, noise;
    typename Model::Workspace model;
  };

  const Model* model_;
  SampleRequest request_;
  int threads_;
  Chunks chunks_;
  Random noise_;
  Matrix<Scalar> x_;
  std::vector<Room> rooms_;
};

}  // namespace scorefield
