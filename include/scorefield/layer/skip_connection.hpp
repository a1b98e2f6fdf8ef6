/// SkipConnection: the connection across that makes a U-Net of layers.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/detail/runs.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield {

/// y = after(the concatenation of inner(x) and x along the channels): what `inner` makes of a coarser image meets the
/// details. Ronneberger et al. 2015, arXiv:1505.04597. The concatenation is never written: `after` reads the two images
/// where they are, as Convolution, TransposedConvolution and ResidualBlock can; put one of these before another layer.
/// The pieces are inner's, named "inner.<theirs>", then after's.
template <Layer Inner, PairLayer After>
class SkipConnection {
 public:
  using Scalar = typename Inner::Scalar;

  struct Workspace {
    typename Inner::Workspace inner;
    typename After::Workspace after;
    Matrix<Scalar> output, gradient;  // of inner, and of the loss by it: inner.outputs() x columns
    Matrix<Scalar> direct;            // the gradient by x as after takes it: inputs() x columns
  };

  /// Throws InvalidArgument unless inner takes an image of this shape and gives one of as many pixels, after takes the
  /// channels of both, and they look at one context.
  SkipConnection(const ImageShape& input, Inner inner, After after)
      : input_(detail::checked_shape("SkipConnection", input)), inner_(std::move(inner)), after_(std::move(after)) {
    if (inner_.inputs() != input.size() || inner_.outputs() % input.pixels() != 0)
      throw InvalidArgument("SkipConnection",
                            text("a layer from ", input.size(), " numbers to channels for ", input.pixels(), " pixels"),
                            text("one from ", inner_.inputs(), " to ", inner_.outputs()),
                            "let inner bring the image back to the size that it took");
    const ImageShape got = after_.input_shape();
    const ImageShape joined{input.height, input.width, inner_.outputs() / input.pixels() + input.channels};
    if (got != joined)
      throw InvalidArgument(
          "SkipConnection",
          text("a layer after it that takes ", joined.height, " x ", joined.width, " x ", joined.channels),
          text("one that takes ", got.height, " x ", got.width, " x ", got.channels),
          "its channels are those of inner's output and of the input");
    if constexpr (requires { after_.takes_pairs(); })
      if (!after_.takes_pairs())
        throw InvalidArgument("SkipConnection", "a layer after it that takes a pair of images", "one that does not",
                              "put a Convolution, TransposedConvolution or ResidualBlock there");
    if (inner_.context_size() > 0 && after_.context_size() > 0 && inner_.context_size() != after_.context_size())
      throw InvalidArgument("SkipConnection", text("one context, of ", inner_.context_size(), " numbers"),
                            text("a layer after it with one of ", after_.context_size()), "make them equal");
  }

  ImageShape input_shape() const { return input_; }
  ImageShape output_shape() const { return after_.output_shape(); }
  Index inputs() const { return input_.size(); }
  Index context_size() const { return std::max<Index>(inner_.context_size(), after_.context_size()); }
  Index outputs() const { return after_.outputs(); }
  Index parameter_count() const { return inner_.parameter_count() + after_.parameter_count(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    inner_.declare(layout, prefix + "inner.");
    after_.declare(layout, prefix + "after.");
  }
  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    inner_.initialise(of_inner(p), random, index);
    after_.initialise(of_after(p), random, index + inner_.parameter_count());
  }

  Workspace workspace(Index n) const {
    return {inner_.workspace(n), after_.workspace(n), Matrix<Scalar>(inner_.outputs(), n),
            Matrix<Scalar>(inner_.outputs(), n), Matrix<Scalar>(inputs(), n)};
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const {
    inner_.evaluate(of_inner(p), x, c, columns(w.output, 0, x.cols()), w.inner);
    after_.evaluate(of_after(p), beside_output(x, w), c, y, w.after);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    inner_.forward(of_inner(p), x, c, columns(w.output, 0, x.cols()), w.inner);
    after_.forward(of_after(p), beside_output(x, w), c, y, w.after);
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const auto images = beside_output(x, w);
    const auto gradient = columns(w.gradient, 0, x.cols()), direct = columns(w.direct, 0, x.cols());
    after_.backward(of_after(p), images, c, y, dy, ImagePairView<Scalar>(gradient, direct), dc, of_after(g), w.after);
    inner_.backward(of_inner(p), x, c, images.first, gradient, dx, dc, of_inner(g), w.inner);
    if (dx.cols() > 0) detail::add_to(dx, direct);
  }

 private:
  /// What after takes.
  static ConstImagePairView<Scalar> beside_output(ConstMatrixView<Scalar> x, const Workspace& w) {
    return {columns(w.output, 0, x.cols()), x};
  }

  template <class V>
  V of_inner(V p) const {
    return detail::part_of(p, 0, inner_.parameter_count());
  }
  template <class V>
  V of_after(V p) const {
    return detail::part_of(p, inner_.parameter_count(), after_.parameter_count());
  }

  ImageShape input_;
  Inner inner_;
  After after_;
};

}  // namespace scorefield
