/// Convolutions of 3 x 3 and stride 1 by Winograd's minimal filtering.
#pragma once

#include <algorithm>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/convolution/winograd_products.hpp"
#include "scorefield/layer/detail/convolution/winograd_tiles.hpp"
#include "scorefield/layer/detail/convolution/winograd_transform.hpp"
#include "scorefield/layer/detail/convolution/winograd_weights.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield::detail {

/// What Window computes for kernel 3 and stride 1, with weights in the same places, where both images have whole
/// packets of channels; those of a pair's parts need not be whole. Tiles of 4 x 4 pixels are columns of 36 products
/// (winograd_transform.hpp) over the channels, so that a tile depends on no other. Rounding errors are some two times
/// those of sums over the windows.
class Winograd {
 public:
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> weights;   // transformed, in panels, or the gradient by them
    Vector<Scalar> turned;    // the weights of the adjoint
    Vector<Scalar> windows;   // of a group of tiles, transformed
    Vector<Scalar> products;  // of a group and a panel, or the gradient by them
    Vector<Scalar> zeros;     // as a bias, and as a pixel outside of the image
    Vector<Scalar> dropped;   // results outside of the image
  };

  Winograd(const ImageShape& input, const ImageShape& output, const RowsAndColumns& padding)
      : input_(input), output_(output), padding_(padding) {}

  /// Whether this is faster than Window, for one image already; measured, as the numbers are. For each pair of channels
  /// 36 multiply-adds a tile stand against 9 a pixel, and transforming a weight and its gradient takes as long as some
  /// 290 of them. With fewer than 16 channels the transforms of tiles take as long as what they save.
  template <Real Scalar>
  static bool pays(const ImageShape& input, const ImageShape& output, const RowsAndColumns& kernel, Index stride) {
    return kernel == winograd::kernel_edge && stride == 1 && input.channels % packet_size<Scalar> == 0 &&
           output.channels % packet_size<Scalar> == 0 && std::min(input.channels, output.channels) >= 16 &&
           9 * output.pixels() - winograd::matrices * winograd::TileGrid(output).size() >= 290;
  }

  template <Real Scalar>
  Workspace<Scalar> workspace(Index images) const {
    Index weights = 0, windows = 0, products = 0;
    const auto reserve = [&](const ImageShape& from, const ImageShape& to) {
      const Index group = std::min(largest_group<Scalar>(from.channels), images * winograd::TileGrid(to).size());
      const Index panels = (to.channels + panel_rows<Scalar> - 1) / panel_rows<Scalar>;
      weights = std::max(weights, panels * winograd::panel_strides<Scalar>(from.channels).size());
      windows = std::max(windows, winograd::channel_strides<Scalar>(from.channels, group).size());
      products = std::max(products, winograd::panel_strides<Scalar>(group).size());
    };
    reserve(input_, output_);
    reserve(output_, input_);
    const Index channels = std::max(input_.channels, output_.channels);
    return {Vector<Scalar>(weights),
            Vector<Scalar>(winograd::kernel_edge * winograd::kernel_edge * input_.channels * output_.channels),
            Vector<Scalar>(windows),
            Vector<Scalar>(products),
            Vector<Scalar>::Zero(channels),
            Vector<Scalar>(channels)};
  }

  /// y = weights * x + bias.
  template <Real Scalar>
  void convolve(const Scalar* weights, const Scalar* bias, const ConstImagePairView<Scalar>& x, MatrixView<Scalar> y,
                Workspace<Scalar>& w) const {
    convolve<Scalar>(weights, bias, x, input_, padding_, y, output_, w);
  }

  /// dx = the gradient of <dy, weights * x> by x: a convolution as well.
  template <Real Scalar>
  void convolve_back(const Scalar* weights, ConstMatrixView<Scalar> dy, const ImagePairView<Scalar>& dx,
                     Workspace<Scalar>& w) const {
    winograd::turn_weights(weights, output_.channels, input_.channels, w.turned.data());
    constexpr Index full = winograd::kernel_edge - 1;
    convolve<Scalar>(w.turned.data(), w.zeros.data(), dy, output_, {full - padding_.rows, full - padding_.columns}, dx,
                     input_, w);
  }

  /// gradient += that of <dy, weights * x> by the weights.
  template <Real Scalar>
  void add_gradient(ConstMatrixView<Scalar> dy, const ConstImagePairView<Scalar>& x, Scalar* gradient,
                    Workspace<Scalar>& w) const {
    const winograd::TileGrid grid(output_);
    const Index depth = input_.channels;
    for_each_group_and_panel(x, input_, padding_, output_.channels, grid, w, [&](const Group& group, const Part& part) {
      const auto strides = winograd::panel_strides<Scalar>(group.count);
      const auto transform = [&](Index t, const auto& pixels) {
        winograd::to_matrices<winograd::OutputGradientTransform>(
            pixels, part.rows, w.products.data() + t * strides.column, strides.matrix);
      };
      winograd::for_each_square<winograd::tile_edge>(
          dy.data() + part.row, output_, grid, 0, std::as_const(w.zeros).data(), group.first, group.count, transform);
      Scalar* weights = w.weights.data() + part.weights;
      winograd::multiply_all_right_transposed<Scalar>(!group.is_first(), w.products.data(), w.windows.data(), weights,
                                                      part.rows, group.count, depth);
      if (group.is_last())
        winograd::add_weight_gradient(weights, output_.channels, depth, part.rows, gradient + part.row);
    });
  }

 private:
  /// Tiles that are worked on at a time.
  struct Group {
    Index first, count, tiles;

    bool is_first() const { return first == 0; }
    bool is_last() const { return first + count == tiles; }
  };
  /// A panel of rows of the weights; `weights` is where it is in the workspace.
  struct Part {
    Index row, rows, weights;
  };

  /// Of tiles: the right operand of a product then takes 16 KiB of the first cache, all 36 of them 576 KiB of the
  /// second. But at least the columns of a register tile.
  template <Real Scalar>
  static Index largest_group(Index channels) {
    return std::max<Index>(12, 16384 / (static_cast<Index>(sizeof(Scalar)) * channels));
  }

  /// Transforms the windows of a group of tiles, then calls f(group, panel) for each panel of `rows` rows.
  template <Real Scalar, class F>
  static void for_each_group_and_panel(const ConstImagePairView<Scalar>& from, const ImageShape& shape,
                                       const RowsAndColumns& padding, Index rows, const winograd::TileGrid& grid,
                                       Workspace<Scalar>& w, const F& f) {
    const Index tiles = from.cols() * grid.size(), most = largest_group<Scalar>(shape.channels);
    const Index groups = std::max<Index>(1, (tiles + most - 1) / most), size = (tiles + groups - 1) / groups;
    // A single group uses each panel's weights once. They all take the same place, which then stays in the cache.
    const Index panel = groups == 1 ? 0 : winograd::panel_strides<Scalar>(shape.channels).size();
    for (Index first = 0; first < tiles; first += size) {
      const Group group{first, std::min(size, tiles - first), tiles};
      const auto strides = winograd::channel_strides<Scalar>(shape.channels, group.count);
      const auto transform_part = [&](Index channel, Index channels, const auto& images) {
        const auto transform = [&](Index t, const auto& pixels) {
          winograd::to_matrices<winograd::InputTransform>(
              pixels, channels, w.windows.data() + t * strides.column + channel, strides.matrix);
        };
        winograd::for_each_square<winograd::window_edge>(images.data(), {shape.height, shape.width, channels}, grid,
                                                         padding, std::as_const(w.zeros).data(), group.first,
                                                         group.count, transform);
      };
      for_each_part(shape.pixels(), transform_part, from);
      for (Index row = 0; row < rows; row += panel_rows<Scalar>)
        f(group, Part{row, std::min(panel_rows<Scalar>, rows - row), row / panel_rows<Scalar> * panel});
    }
  }

  template <Real Scalar>
  static void convolve(const Scalar* weights, const Scalar* bias, const ConstImagePairView<Scalar>& from,
                       const ImageShape& shape, const RowsAndColumns& padding, const ImagePairView<Scalar>& to,
                       const ImageShape& to_shape, Workspace<Scalar>& w) {
    const winograd::TileGrid grid(to_shape);
    const Index depth = shape.channels, rows = to_shape.channels;
    for_each_group_and_panel(from, shape, padding, rows, grid, w, [&](const Group& group, const Part& part) {
      Scalar* transformed = w.weights.data() + part.weights;
      if (group.is_first()) winograd::transform_weights(weights + part.row, rows, depth, part.rows, transformed);
      winograd::multiply_all<Scalar>(transformed, w.windows.data(), w.products.data(), part.rows, depth, group.count);
      const auto strides = winograd::panel_strides<Scalar>(group.count);
      // The rows of a panel may be of both images.
      const auto transform_rows = [&](Index channel, Index channels, auto images) {
        const Index row = std::max(part.row, channel), end = std::min(part.row + part.rows, channel + channels);
        if (row >= end) return;
        const auto transform_back = [&](Index t, const auto& pixels) {
          winograd::to_pixels(w.products.data() + t * strides.column + (row - part.row), strides.matrix, bias + row,
                              pixels, end - row);
        };
        winograd::for_each_square<winograd::tile_edge>(images.data() + (row - channel),
                                                       {to_shape.height, to_shape.width, channels}, grid, 0,
                                                       w.dropped.data(), group.first, group.count, transform_back);
      };
      for_each_part(to_shape.pixels(), transform_rows, to);
    });
  }

  ImageShape input_, output_;
  RowsAndColumns padding_;
};

}  // namespace scorefield::detail
