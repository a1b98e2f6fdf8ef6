/// ResidualBlock: two convolutions with group normalisation, modulated by a context, and a residual connection.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/detail/group_normaliser.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/detail/runs.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield {

/// y = x + second(f(norm(first(f(norm(x)))) (1 + scale) + shift)), where first and second are convolutions, and scale
/// and shift of each channel come from the context by a dense layer. Where the number of channels changes, x goes
/// through a convolution of single pixels. The block starts as that x, because `second` starts at 0. It is a PairLayer.
/// He et al. 2016, arXiv:1603.05027; Dhariwal and Nichol 2021, arXiv:2105.05233, section 3.1.
template <Real S, Activation F = SiLU>
class ResidualBlock {
  using Normaliser = detail::GroupNormaliser<S, F>;

 public:
  using Scalar = S;

  struct Workspace {
    typename Normaliser::Workspace before_first, before_second;
    typename Convolution<S>::Workspace first, second;
    typename Dense<S>::Workspace modulation;
    std::optional<typename Convolution<S>::Workspace> shortcut;
    Matrix<Scalar> input_normalised, hidden, hidden_normalised, affine;          // of a forward pass
    Matrix<Scalar> d_input_normalised, d_hidden, d_hidden_normalised, d_affine;  // of the loss by them
    Matrix<Scalar> d_context;                                                    // of this block alone
    Matrix<Scalar> dy, dx;  // of the shortcut: its output in a forward pass, and the gradient by its input
  };

  /// From `input` to as many pixels of `channels`, by convolutions of that kernel: {1, 3} for sequences, images of
  /// height 1. Throws InvalidArgument unless all sizes are positive, groups divides both numbers of channels, a group
  /// has more than one number, and the rows and columns of the kernel are odd.
  ResidualBlock(const ImageShape& input, Index channels, Index groups, Index context_size,
                const RowsAndColumns& kernel = 3)
      : before_first_("ResidualBlock", input, groups, Scalar(1e-5)),
        first_(input, channels, keeping_size(kernel)),
        modulation_(context_size, 2 * channels),
        before_second_("ResidualBlock", first_.output_shape(), groups, Scalar(1e-5)),
        second_(first_.output_shape(), channels, keeping_size(kernel)) {
    if (channels != input.channels) shortcut_.emplace(input, channels, ConvolutionOptions{.kernel = 1, .padding = 0});
  }

  const ImageShape& input_shape() const { return first_.input_shape(); }
  const ImageShape& output_shape() const { return second_.output_shape(); }
  Index inputs() const { return first_.inputs(); }
  Index context_size() const { return modulation_.inputs(); }
  Index outputs() const { return second_.outputs(); }
  Index parameter_count() const { return offset_of_shortcut() + (shortcut_ ? shortcut_->parameter_count() : 0); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "norm.weight", input_shape().channels, 1);
    layout.add(prefix + "norm.bias", input_shape().channels, 1);
    first_.declare(layout, prefix + "first.");
    modulation_.declare(layout, prefix + "modulation.");
    second_.declare(layout, prefix + "second.");
    if (shortcut_) shortcut_->declare(layout, prefix + "shortcut.");
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    p.head(input_shape().channels).setOnes();
    p.segment(input_shape().channels, input_shape().channels).setZero();
    first_.initialise(of_first(p), random, index);
    modulation_.initialise(of_modulation(p), random, index + 1);
    of_second(p).setZero();
    if (shortcut_) shortcut_->initialise(of_shortcut(p), random, index + 2);
  }

  Workspace workspace(Index n) const {
    const auto like = [n](Index rows) { return Matrix<Scalar>(rows, n); };
    const Index hidden = first_.outputs(), affine = modulation_.outputs();
    Workspace w{before_first_.workspace(n),
                before_second_.workspace(n),
                first_.workspace(n),
                second_.workspace(n),
                modulation_.workspace(n),
                {},
                like(inputs()),
                like(hidden),
                like(hidden),
                like(affine),
                like(inputs()),
                like(hidden),
                like(hidden),
                like(affine),
                like(context_size()),
                like(outputs()),
                like(shortcut_ ? inputs() : 0)};
    if (shortcut_) w.shortcut = shortcut_->workspace(n);
    return w;
  }

  void evaluate(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar> c,
                MatrixView<Scalar> y, Workspace& w) const {
    run(p, x, c, y, w, [](const auto& part, auto&&... arguments) { part.evaluate(arguments...); });
  }

  void forward(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    run(p, x, c, y, w, [](const auto& part, auto&&... arguments) { part.forward(arguments...); });
  }

  void backward(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, ImagePairView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const Index n = x.cols();
    const auto some = [n](auto& m) { return columns(m, 0, n); };
    const auto& kept = std::as_const(w);
    std::copy_n(dy.data(), dy.size(), w.dy.data());
    // Convolutions and dense layers look at no context, and without an activation not at their result, which nobody
    // kept.
    second_.backward(of_second(p), some(kept.hidden_normalised), c, y, some(w.dy), some(w.d_hidden_normalised), dc,
                     of_second(g), w.second);
    w.d_affine.setZero();
    before_second_.backward(some(kept.hidden), some(kept.affine), some(w.d_hidden_normalised), some(w.d_hidden),
                            some(w.d_affine), w.before_second);
    modulation_.backward(of_modulation(p), c, c, some(kept.affine), some(w.d_affine),
                         columns(w.d_context, 0, dc.cols()), dc, of_modulation(g), w.modulation);
    detail::add_to(dc, columns(kept.d_context, 0, dc.cols()));
    first_.backward(of_first(p), some(kept.input_normalised), c, some(kept.hidden), some(w.d_hidden),
                    some(w.d_input_normalised), dc, of_first(g), w.first);
    before_first_.backward(x, of_norm(p), some(w.d_input_normalised), dx, of_norm(g), w.before_first);
    if (!shortcut_) {
      if (dx.cols() > 0) detail::add_images(dx, dy, input_shape().pixels());
      return;
    }
    shortcut_->backward(of_shortcut(p), x, c, y, dy, columns(w.dx, 0, dx.cols()), dc, of_shortcut(g), *w.shortcut);
    if (dx.cols() > 0) detail::add_images(dx, some(w.dx), input_shape().pixels());
  }

 private:
  static ConvolutionOptions keeping_size(const RowsAndColumns& kernel) {
    if (kernel.rows < 1 || kernel.columns < 1 || kernel.rows % 2 == 0 || kernel.columns % 2 == 0)
      throw InvalidArgument("ResidualBlock", "a kernel of odd rows and columns", detail::by(kernel),
                            "3 is for images, and {1, 3} for sequences");
    return detail::centred(kernel);
  }

  /// Calls step(part, arguments of its evaluate or forward) for each part.
  template <class Step>
  void run(ConstVectorView<Scalar> p, const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> c,
           MatrixView<Scalar> y, Workspace& w, const Step& step) const {
    const Index n = x.cols();
    const auto some = [n](auto& m) { return columns(m, 0, n); };
    const auto& kept = std::as_const(w);
    step(before_first_, x, of_norm(p), some(w.input_normalised), w.before_first);
    step(first_, of_first(p), some(kept.input_normalised), c, some(w.hidden), w.first);
    step(modulation_, of_modulation(p), c, c, some(w.affine), w.modulation);
    some(w.affine).topRows(output_shape().channels).array() += 1;
    step(before_second_, some(kept.hidden), some(kept.affine), some(w.hidden_normalised), w.before_second);
    step(second_, of_second(p), some(kept.hidden_normalised), c, y, w.second);
    if (!shortcut_) {
      detail::add_images(y, x, input_shape().pixels());
      return;
    }
    step(*shortcut_, of_shortcut(p), x, c, some(w.dy), *w.shortcut);
    detail::add_to(y, some(kept.dy));
  }

  ConstMatrixView<Scalar> of_norm(ConstVectorView<Scalar> p) const { return {p.data(), offset_of_first(), 1}; }
  MatrixView<Scalar> of_norm(VectorView<Scalar> g) const {
    return {g.data(), g.size() == 0 ? 0 : offset_of_first(), 1};
  }
  Index offset_of_first() const { return 2 * input_shape().channels; }
  Index offset_of_modulation() const { return offset_of_first() + first_.parameter_count(); }
  Index offset_of_second() const { return offset_of_modulation() + modulation_.parameter_count(); }
  Index offset_of_shortcut() const { return offset_of_second() + second_.parameter_count(); }
  template <class V>
  V of_first(V p) const {
    return detail::part_of(p, offset_of_first(), first_.parameter_count());
  }
  template <class V>
  V of_modulation(V p) const {
    return detail::part_of(p, offset_of_modulation(), modulation_.parameter_count());
  }
  template <class V>
  V of_second(V p) const {
    return detail::part_of(p, offset_of_second(), second_.parameter_count());
  }
  template <class V>
  V of_shortcut(V p) const {
    return detail::part_of(p, offset_of_shortcut(), shortcut_->parameter_count());
  }

  Normaliser before_first_;
  Convolution<S> first_;
  Dense<S> modulation_;
  Normaliser before_second_;
  Convolution<S> second_;
  std::optional<Convolution<S>> shortcut_;
};

}  // namespace scorefield
