/// ImagePair: two images that count as one whose channels are those of both (a concatenation without a copy).
#pragma once

#include <cassert>
#include <concepts>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"

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
  f(Index{0}, cut, images.first, others.first...);
  if (rest > 0) f(cut, rest, images.second, others.second...);
}

/// The channels [first, first + count) of images, as a matrix whose columns are pixels.
template <class View>
auto channels_of(View images, Index pixels, Index first, Index count) {
  return View(images.data(), images.rows() / pixels, images.cols() * pixels).middleRows(first, count);
}

/// to += from.
template <Real Scalar>
void add_images(MatrixView<Scalar> to, const ConstImagePairView<Scalar>& from, Index pixels) {
  for_each_part(
      pixels,
      [&](Index first, Index channels, const auto& part) {
        channels_of(to, pixels, first, channels) += channels_of(part, pixels, 0, channels);
      },
      from);
}
template <Real Scalar>
void add_images(const ImagePairView<Scalar>& to, MatrixView<Scalar> from, Index pixels) {
  for_each_part(
      pixels,
      [&](Index first, Index channels, const auto& part) {
        channels_of(part, pixels, 0, channels) += channels_of(from, pixels, first, channels);
      },
      to);
}

}  // namespace detail

}  // namespace scorefield
