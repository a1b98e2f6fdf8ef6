/// TimeChannel: a network on images that sees the time as one more channel.
#pragma once

#include <algorithm>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/no_context.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// (x, t) -> body(x with t as one more channel of every pixel), from images to images of the same shape. The pieces are
/// the body's.
template <Layer Body>
class TimeChannel {
 public:
  using Scalar = typename Body::Scalar;

  struct Workspace {
    Matrix<Scalar> input, input_gradient;
    typename Body::Workspace body;
  };

  /// chunk_size is the number of samples that are computed together. Throws InvalidArgument unless it is at least 1,
  /// and the body takes an image with one channel more, gives one of this shape and looks at no context.
  TimeChannel(const ImageShape& image, Body body, Index chunk_size)
      : image_(detail::checked_shape("TimeChannel", image)),
        body_(std::move(body)),
        chunk_size_(detail::checked_chunk_size("TimeChannel", chunk_size)) {
    if (body_.inputs() != image.size() + image.pixels() || body_.outputs() != image.size())
      throw InvalidArgument("TimeChannel", text("a body from ", image.size() + image.pixels(), " to ", image.size()),
                            text("one from ", body_.inputs(), " to ", body_.outputs()),
                            "the body's first layer takes one channel more than the image has");
    detail::check_no_context("TimeChannel", body_);
  }

  Index dimension() const { return image_.size(); }
  const ImageShape& image_shape() const { return image_; }
  Index chunk_size() const { return chunk_size_; }

  ParameterLayout layout() const {
    ParameterLayout layout;
    body_.declare(layout, "");
    return layout;
  }

  void initialise(VectorView<Scalar> p, const Random& random) const { body_.initialise(p, random, 0); }

  Workspace workspace() const {
    const Index n = chunk_size();
    return {Matrix<Scalar>(body_.inputs(), n), Matrix<Scalar>(body_.inputs(), n), body_.workspace(n)};
  }

  void evaluate(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    body_.evaluate(p, joined(batch, w), detail::no_context<Scalar>(), y, w.body);
  }

  void forward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    body_.forward(p, joined(batch, w), detail::no_context<Scalar>(), y, w.body);
  }

  void backward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    const Index c = image_.channels;
    body_.backward(p, columns(std::as_const(w.input), 0, batch.size()), detail::no_context<Scalar>(), y, dy,
                   columns(w.input_gradient, 0, dx.cols()), detail::no_context_gradient<Scalar>(), g, w.body);
    for (Index pixel = 0; pixel < dx.cols() * image_.pixels(); ++pixel)
      std::copy_n(w.input_gradient.data() + pixel * (c + 1), c, dx.data() + pixel * c);
  }

 private:
  ConstMatrixView<Scalar> joined(const NoisyBatch<Scalar>& batch, Workspace& w) const {
    const Index c = image_.channels, pixels = image_.pixels();
    for (Index j = 0; j < batch.size(); ++j)
      for (Index pixel = j * pixels; pixel < (j + 1) * pixels; ++pixel) {
        Scalar* to = w.input.data() + pixel * (c + 1);
        std::copy_n(batch.x.data() + pixel * c, c, to);
        to[c] = batch.t(j);
      }
    return columns(std::as_const(w.input), 0, batch.size());
  }

  ImageShape image_;
  Body body_;
  Index chunk_size_;
};

}  // namespace scorefield
