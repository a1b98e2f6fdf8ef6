/// TimeEmbedded: a network whose layers look at an embedding of the time.
#pragma once

#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/no_context.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// (x, t) -> body(x, embedding(t)), where the embedding is a layer from the time to the body's context. The pieces are
/// named "time...." and "body....".
template <Layer Embedding, Layer Body>
class TimeEmbedded {
 public:
  using Scalar = typename Body::Scalar;

  struct Workspace {
    Matrix<Scalar> time, context, context_gradient;  // 1, and context_size x chunk_size
    typename Embedding::Workspace embedding;
    typename Body::Workspace body;
  };

  /// chunk_size is the number of samples that are computed together. Throws InvalidArgument unless it is at least 1,
  /// the embedding goes from 1 number to the body's context and looks at none itself, and the body goes from samples to
  /// samples.
  TimeEmbedded(Embedding embedding, Body body, Index chunk_size)
      : embedding_(std::move(embedding)),
        body_(std::move(body)),
        chunk_size_(detail::checked_chunk_size("TimeEmbedded", chunk_size)) {
    if (embedding_.inputs() != 1 || embedding_.outputs() != body_.context_size() || body_.inputs() != body_.outputs())
      throw InvalidArgument("TimeEmbedded",
                            text("an embedding from 1 to ", body_.context_size(), " numbers, and a body from ",
                                 body_.inputs(), " to as many"),
                            text("from ", embedding_.inputs(), " to ", embedding_.outputs(), ", and from ",
                                 body_.inputs(), " to ", body_.outputs()),
                            "make the sizes equal");
    detail::check_no_context("TimeEmbedded", embedding_);
  }

  Index dimension() const { return body_.inputs(); }
  Index chunk_size() const { return chunk_size_; }

  ParameterLayout layout() const {
    ParameterLayout layout;
    embedding_.declare(layout, "time.");
    body_.declare(layout, "body.");
    return layout;
  }

  void initialise(VectorView<Scalar> p, const Random& random) const {
    embedding_.initialise(of_embedding(p), random, 0);
    body_.initialise(of_body(p), random, embedding_.parameter_count());
  }

  Workspace workspace() const {
    const Index n = chunk_size(), e = body_.context_size();
    return {Matrix<Scalar>(1, n), Matrix<Scalar>(e, n), Matrix<Scalar>(e, n), embedding_.workspace(n),
            body_.workspace(n)};
  }

  void evaluate(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    const Index n = batch.size();
    embedding_.evaluate(of_embedding(p), times(batch, w), detail::no_context<Scalar>(), columns(w.context, 0, n),
                        w.embedding);
    body_.evaluate(of_body(p), batch.x, columns(std::as_const(w.context), 0, n), y, w.body);
  }

  void forward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    const Index n = batch.size();
    embedding_.forward(of_embedding(p), times(batch, w), detail::no_context<Scalar>(), columns(w.context, 0, n),
                       w.embedding);
    body_.forward(of_body(p), batch.x, columns(std::as_const(w.context), 0, n), y, w.body);
  }

  void backward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    const Index n = batch.size();
    const auto& kept = std::as_const(w);
    // The gradient by the context is for the embedding's parameters alone.
    auto dc = columns(w.context_gradient, 0, g.size() > 0 ? n : 0);
    dc.setZero();
    body_.backward(of_body(p), batch.x, columns(kept.context, 0, n), y, dy, dx, dc, of_body(g), w.body);
    if (g.size() > 0)
      embedding_.backward(of_embedding(p), columns(kept.time, 0, n), detail::no_context<Scalar>(),
                          columns(kept.context, 0, n), dc, MatrixView<Scalar>(nullptr, 1, 0),
                          detail::no_context_gradient<Scalar>(), of_embedding(g), w.embedding);
  }

 private:
  static ConstMatrixView<Scalar> times(const NoisyBatch<Scalar>& batch, Workspace& w) {
    columns(w.time, 0, batch.size()) = batch.t.transpose();
    return columns(std::as_const(w.time), 0, batch.size());
  }

  template <class V>
  V of_embedding(V p) const {
    return detail::part_of(p, 0, embedding_.parameter_count());
  }
  template <class V>
  V of_body(V p) const {
    return detail::part_of(p, embedding_.parameter_count(), body_.parameter_count());
  }

  Embedding embedding_;
  Body body_;
  Index chunk_size_;
};

}  // namespace scorefield
