/// ImagePair: two images that count as one whose channels are those of both (a concatenation without a copy).
#pragma once

#include <cassert>
#include <concepts>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/runs.hpp"

namespace scorefield {

/// Two images of as many pixels whose channels count as one image's: at each pixel those of `first`, then those of
/// `second`. Columns are samples. One image alone is such a pair too, with a second of no channels.
template <class View>
struct ImagePair {
  View first, second;

  ImagePair(const View& one) : first(one), second(nullptr, 0, one.cols()) {}
  ImagePair(const View& some, const View& others) : first(some), second(others) {
    assert(first.cols() == second.cols());
  }

  Index rows() const { return first.rows() + second.rows(); }
  Index cols() const { return first.cols(); }
};

template <Real Scalar>
using ImagePairView = ImagePair<MatrixView<Scalar>>;
template <Real Scalar>
using ConstImagePairView = ImagePair<ConstMatrixView<Scalar>>;

/// A layer on images that takes a pair of images as x too, and in backward a pair as dx, cut at the same channel as x.
/// The bits are those that it computes from one image.
template <class L>
concept PairLayer = ImageLayer<L> &&
    requires(const L& layer, ConstVectorView<typename L::Scalar> p, ConstImagePairView<typename L::Scalar> x,
             ConstMatrixView<typename L::Scalar> in, MatrixView<typename L::Scalar> out,
             ImagePairView<typename L::Scalar> dx, VectorView<typename L::Scalar> g, typename L::Workspace& workspace) {
  layer.evaluate(p, x, in, out, workspace);
  layer.forward(p, x, in, out, workspace);
  layer.backward(p, x, in, in, out, dx, out, g, workspace);
};

namespace detail {

/// Calls f(its first channel, its channels, the image of each pair) for the first images and, where they have channels,
/// for the second ones. The pairs are cut at the same channel, but for those without columns.
template <class F, class View, class... Views>
void for_each_part(Index pixels, const F& f, const ImagePair<View>& images, const ImagePair<Views>&... others) {
  assert(((others.cols() == 0 || others.first.rows() == images.first.rows()) && ...));
  const Index cut = images.first.rows() / pixels, rest = images.second.rows() / pixels;
  // One call in the code for both, which is compiled once.
  for (const bool second : {false, true})
    if (!second || rest > 0)
      f(second ? cut : 0, second ? rest : cut, second ? images.second : images.first,
        (second ? others.second : others.first)...);
}

/// to += from.
template <Real Scalar>
void add_images(MatrixView<Scalar> to, const ConstImagePairView<Scalar>& from, Index pixels) {
  const auto add_part = [&](Index first, Index channels, const auto& part) {
    add_runs(part.data(), channels, channels, to.data() + first, to.rows() / pixels, pixels * to.cols());
  };
  for_each_part(pixels, add_part, from);
}
template <Real Scalar>
void add_images(const ImagePairView<Scalar>& to, MatrixView<Scalar> from, Index pixels) {
  const auto add_part = [&](Index first, Index channels, auto part) {
    add_runs<Scalar>(from.data() + first, from.rows() / pixels, channels, part.data(), channels, pixels * from.cols());
  };
  for_each_part(pixels, add_part, to);
}

}  // namespace detail

}  // namespace scorefield
