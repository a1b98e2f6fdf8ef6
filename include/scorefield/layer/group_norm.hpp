/// GroupNorm, group normalisation with a weight and a bias for each channel.
#pragma once

#include <cassert>
#include <string>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/group_normaliser.hpp"

namespace scorefield {

/// y = f(weight (x - mean) / sqrt(variance + epsilon) + bias), where mean and variance are those of a sample's numbers
/// in one of `groups` runs of channels, over all pixels, and weight and bias (channels each) start at 1 and 0. Samples
/// do not depend on each other, as they do in batch normalisation. Wu and He 2018, arXiv:1803.08494.
template <Real S, Activation F = Identity>
class GroupNorm {
 public:
  using Scalar = S;
  using Workspace = typename detail::GroupNormaliser<S, F>::Workspace;

  /// Throws InvalidArgument unless groups divides the channels, a group has more than one number and epsilon is finite
  /// and positive.
  GroupNorm(const ImageShape& shape, Index groups, Scalar epsilon = Scalar(1e-5))
      : normaliser_("GroupNorm", shape, groups, epsilon) {}

  const ImageShape& input_shape() const { return normaliser_.shape(); }
  const ImageShape& output_shape() const { return normaliser_.shape(); }
  Index inputs() const { return input_shape().size(); }
  Index context_size() const { return 0; }
  Index outputs() const { return input_shape().size(); }
  Index parameter_count() const { return 2 * input_shape().channels; }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "weight", input_shape().channels, 1);
    layout.add(prefix + "bias", input_shape().channels, 1);
  }

  void initialise(VectorView<Scalar> p, const Random&, Index) const {
    p.head(input_shape().channels).setOnes();
    p.tail(input_shape().channels).setZero();
  }

  Workspace workspace(Index columns) const { return normaliser_.workspace(columns); }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace& w) const {
    normaliser_.evaluate(x, affine(p), y, w);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
               Workspace& w) const {
    normaliser_.forward(x, affine(p), y, w);
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar> g,
                Workspace& w) const {
    normaliser_.backward(x, affine(p), dy, dx, MatrixView<Scalar>(g.data(), g.size(), 1), w);
  }

 private:
  ConstMatrixView<Scalar> affine(ConstVectorView<Scalar> p) const {
    assert(p.size() == parameter_count());
    return {p.data(), p.size(), 1};
  }

  detail::GroupNormaliser<S, F> normaliser_;
};

}  // namespace scorefield
