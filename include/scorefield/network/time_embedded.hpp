/// TimeEmbedded: a network whose layers look at an embedding of the time and of the condition.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/detail/no_context.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// How a network is told the noise level: as the time in [0, 1], or as half the log signal-to-noise ratio,
/// log(alpha / sigma), which is cut off at -20 and 20. The ratio means the same for every equation, and tells early
/// times apart.
enum class NoiseClock { time, half_log_snr };

/// (x, level, condition) -> body(x, embedding(level) + second(silu(first(condition)))), where the embedding is a layer
/// from the one number that tells the noise level to the body's context, and first and second are dense. The pieces are
/// named "time...." and "body....", and "condition...." where samples are given one.
template <Layer Embedding, Layer Body>
class TimeEmbedded {
  using ConditionEmbedding = Sequential<Dense<typename Body::Scalar, SiLU>, Dense<typename Body::Scalar>>;

 public:
  using Scalar = typename Body::Scalar;

  struct Workspace {
    Matrix<Scalar> time;          // 1 x chunk_size
    Matrix<Scalar> embedded;      // context_size x chunk_size, as all below: the embedding of the time
    Matrix<Scalar> of_condition;  // what the condition adds
    Matrix<Scalar> sum;           // the context, where there is a condition
    Matrix<Scalar> context_gradient, condition_gradient;
    typename Embedding::Workspace embedding;
    typename ConditionEmbedding::Workspace condition;
    typename Body::Workspace body;
  };

  /// chunk_size is the number of samples that are computed together. Throws InvalidArgument unless it is at least 1,
  /// the embedding goes from 1 number to the body's context and looks at none itself, and the body goes from samples to
  /// samples. condition: the numbers that a sample is given.
  TimeEmbedded(Embedding embedding, Body body, Index chunk_size, Index condition = 0,
               NoiseClock clock = NoiseClock::time)
      : embedding_(std::move(embedding)),
        body_(std::move(body)),
        chunk_size_(detail::checked_chunk_size("TimeEmbedded", chunk_size)),
        clock_(clock) {
    if (embedding_.inputs() != 1 || embedding_.outputs() != body_.context_size() || body_.inputs() != body_.outputs())
      throw InvalidArgument("TimeEmbedded",
                            text("an embedding from 1 to ", body_.context_size(), " numbers, and a body from ",
                                 body_.inputs(), " to as many"),
                            text("from ", embedding_.inputs(), " to ", embedding_.outputs(), ", and from ",
                                 body_.inputs(), " to ", body_.outputs()),
                            "make the sizes equal");
    detail::check_no_context("TimeEmbedded", embedding_);
    if (detail::checked_condition("TimeEmbedded", condition) > 0) {
      const Index context = body_.context_size();
      condition_.emplace(Dense<Scalar, SiLU>(detail::told_size(condition), context), Dense<Scalar>(context, context));
    }
  }

  Index dimension() const { return body_.inputs(); }
  Index chunk_size() const { return chunk_size_; }
  Index condition_size() const { return condition_ ? condition_->inputs() - 1 : 0; }

  ParameterLayout layout() const {
    ParameterLayout layout;
    embedding_.declare(layout, "time.");
    body_.declare(layout, "body.");
    if (condition_) condition_->declare(layout, "condition.");
    return layout;
  }

  void initialise(VectorView<Scalar> p, const Random& random) const {
    embedding_.initialise(of_embedding(p), random, 0);
    body_.initialise(of_body(p), random, embedding_.parameter_count());
    if (condition_) condition_->initialise(of_condition(p), random, before_condition());
  }

  Workspace workspace() const {
    const Index n = chunk_size(), e = body_.context_size(), told = condition_ ? e : 0;
    return {Matrix<Scalar>(1, n),    Matrix<Scalar>(e, n),
            Matrix<Scalar>(told, n), Matrix<Scalar>(told, n),
            Matrix<Scalar>(e, n),    Matrix<Scalar>(told, n),
            embedding_.workspace(n), condition_ ? condition_->workspace(n) : typename ConditionEmbedding::Workspace{},
            body_.workspace(n)};
  }

  void evaluate(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    const Index n = batch.size();
    embedding_.evaluate(of_embedding(p), times(batch, w), detail::no_context<Scalar>(), columns(w.embedded, 0, n),
                        w.embedding);
    if (condition_)
      condition_->evaluate(of_condition(p), batch.condition, detail::no_context<Scalar>(),
                           columns(w.of_condition, 0, n), w.condition);
    add_condition(n, w);
    body_.evaluate(of_body(p), batch.x, context(n, w), y, w.body);
  }

  void forward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    const Index n = batch.size();
    embedding_.forward(of_embedding(p), times(batch, w), detail::no_context<Scalar>(), columns(w.embedded, 0, n),
                       w.embedding);
    if (condition_)
      condition_->forward(of_condition(p), batch.condition, detail::no_context<Scalar>(), columns(w.of_condition, 0, n),
                          w.condition);
    add_condition(n, w);
    body_.forward(of_body(p), batch.x, context(n, w), y, w.body);
  }

  void backward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    const Index n = batch.size();
    const auto& kept = std::as_const(w);
    // The gradient by the context is for the parameters of what it is made of alone.
    auto dc = columns(w.context_gradient, 0, g.size() > 0 ? n : 0);
    dc.setZero();
    body_.backward(of_body(p), batch.x, context(n, w), y, dy, dx, dc, of_body(g), w.body);
    if (g.size() == 0) return;
    if (condition_) {
      auto by_condition = columns(w.condition_gradient, 0, n);
      by_condition = dc;
      condition_->backward(of_condition(p), batch.condition, detail::no_context<Scalar>(),
                           columns(kept.of_condition, 0, n), by_condition,
                           MatrixView<Scalar>(nullptr, condition_->inputs(), 0), detail::no_context_gradient<Scalar>(),
                           of_condition(g), w.condition);
    }
    embedding_.backward(of_embedding(p), columns(kept.time, 0, n), detail::no_context<Scalar>(),
                        columns(kept.embedded, 0, n), dc, MatrixView<Scalar>(nullptr, 1, 0),
                        detail::no_context_gradient<Scalar>(), of_embedding(g), w.embedding);
  }

 private:
  ConstMatrixView<Scalar> times(const NoisyBatch<Scalar>& batch, Workspace& w) const {
    columns(w.time, 0, batch.size()) = batch.t.transpose();
    if (clock_ == NoiseClock::half_log_snr)
      for (Index j = 0; j < batch.size(); ++j)
        w.time(0, j) = std::clamp(std::log(batch.alpha(j)) - std::log(batch.sigma(j)), Scalar(-20), Scalar(20));
    return columns(std::as_const(w.time), 0, batch.size());
  }

  /// The embedding of the time and, where there is one, what the condition adds.
  void add_condition(Index n, Workspace& w) const {
    if (condition_) columns(w.sum, 0, n) = columns(w.embedded, 0, n) + columns(w.of_condition, 0, n);
  }
  ConstMatrixView<Scalar> context(Index n, const Workspace& w) const {
    return columns(condition_ ? w.sum : w.embedded, 0, n);
  }

  template <class V>
  V of_embedding(V p) const {
    return detail::part_of(p, 0, embedding_.parameter_count());
  }
  template <class V>
  V of_body(V p) const {
    return detail::part_of(p, embedding_.parameter_count(), body_.parameter_count());
  }

  Index before_condition() const { return embedding_.parameter_count() + body_.parameter_count(); }
  template <class V>
  V of_condition(V p) const {
    return detail::part_of(p, before_condition(), condition_->parameter_count());
  }

  Embedding embedding_;
  Body body_;
  Index chunk_size_;
  NoiseClock clock_;
  std::optional<ConditionEmbedding> condition_;
};

}  // namespace scorefield
