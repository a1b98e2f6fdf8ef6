/// The form of a U-Net: down to coarse images and up again, with a skip connection across at every size.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/any_image_layer.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/layer/skip_connection.hpp"
#include "scorefield/layer/transposed_convolution.hpp"

namespace scorefield::detail {

/// Enough that weights are transformed and packed seldom, few enough that four threads share a batch of 64.
inline constexpr Index images_in_chunk = 16;

/// Layers on images that are added one after the other.
template <Real S>
class GrowingLayers {
 public:
  explicit GrowingLayers(const ImageShape& input) : shape_(input) {}

  /// What the next layer takes.
  const ImageShape& shape() const { return shape_; }

  void add(AnyImageLayer<S> layer) {
    const auto beside = std::move(beside_);
    shape_ = layer.output_shape();
    if (beside)
      layers_.push_back(SkipConnection(beside->input, std::move(beside->inner), std::move(layer)));
    else
      layers_.push_back(std::move(layer));
  }

  /// A skip connection around layers that bring the image back to its size: the layer that is added next takes both
  /// the result and the image that they started from.
  void add_around(GrowingLayers inner) {
    beside_ = std::make_unique<Beside>(shape_, std::move(inner).list());
    shape_.channels += inner.shape_.channels;
  }

  LayerList<AnyImageLayer<S>> list() && {
    assert(!beside_);
    return LayerList(std::move(layers_));
  }

 private:
  struct Beside {
    ImageShape input;
    LayerList<AnyImageLayer<S>> inner;

    Beside(const ImageShape& of, LayerList<AnyImageLayer<S>> layers) : input(of), inner(std::move(layers)) {}
  };

  ImageShape shape_;
  std::vector<AnyImageLayer<S>> layers_;
  std::unique_ptr<Beside> beside_;  // of the connection whose following layer is to come
};

/// Adds the layers of a U from one size on:
///
///   enter --+--------------------------------------+-- leave      level 0, the image
///           |                                      |
///           down -- enter --+------------+-- leave -- up          level 1, half as many pixels a side
///                           |            |
///                           down -- .. -- up                      level 2, and so on
///
/// Parts has `levels`, and enter, down, up and leave, which add layers: enter(level, layers), leave(level, layers),
/// down(level, layers) from that level to the next, and up(level, image, layers) back to the size of an image there.
template <Real S, class Parts>
void add_u(const Parts& parts, std::size_t level, GrowingLayers<S>& layers) {
  parts.enter(level, layers);
  if (level + 1 < parts.levels) {
    GrowingLayers<S> inner(layers.shape());
    parts.down(level, inner);
    add_u(parts, level + 1, inner);
    parts.up(level, layers.shape(), inner);
    layers.add_around(std::move(inner));
  }
  parts.leave(level, layers);
}

/// All levels of a U, from images of that shape.
template <Real S, class Parts>
LayerList<AnyImageLayer<S>> u_shape(const Parts& parts, const ImageShape& input) {
  GrowingLayers<S> layers(input);
  add_u(parts, 0, layers);
  return std::move(layers).list();
}

/// A transposed convolution from an image that was halved back to its size. The kernel's rows and columns are odd.
template <Real S, Activation F>
TransposedConvolution<S, F> doubling_convolution(const ImageShape& from, const ImageShape& to, Index channels,
                                                 const RowsAndColumns& kernel = 3) {
  return {from,
          channels,
          {.kernel = kernel,
           .padding = centred(kernel).padding,
           .output_padding = {to.height - 2 * from.height + 1, to.width - 2 * from.width + 1}}};
}

}  // namespace scorefield::detail
