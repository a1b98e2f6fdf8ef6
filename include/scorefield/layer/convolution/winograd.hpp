/// Convolutions of 3 x 3 and stride 1 by Winograd's minimal filtering.
#pragma once

#include <algorithm>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/convolution/window_product.hpp"
#include "scorefield/layer/convolution/winograd_tiles.hpp"
#include "scorefield/layer/convolution/winograd_transform.hpp"
#include "scorefield/layer/convolution/winograd_weights.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield::detail {

/// What Window computes for kernel 3 and stride 1, with weights in the same places, where both images have whole
/// packets of channels. A tile of 4 x 4 pixels is a column in each of 36 products (winograd_transform.hpp), whose inner
/// index is the channel; it does not depend on the other tiles.
class Winograd {
 public:
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> weights;   // transformed, or the gradient by them
    Vector<Scalar> turned;    // weights of the adjoint
    Vector<Scalar> windows;   // transformed: the right operands
    Vector<Scalar> products;  // of one panel of rows, or the gradient by them
    Vector<Scalar> zeros;     // as a bias, and as a pixel outside of an image
    Vector<Scalar> dropped;   // what would be outside
  };

  Winograd(const ImageShape& input, const ImageShape& output, Index padding)
      : input_(input), output_(output), padding_(padding) {}

  template <Real Scalar>
  Workspace<Scalar> workspace(Index images) const {
    const Index channels = std::max(input_.channels, output_.channels);
    Index weights = 0, windows = 0, products = 0;
    const auto reserve = [&](const ImageShape& from, const ImageShape& to) {
      const Index group = group_size(from, images * winograd::TileGrid(to).size());
      weights = std::max(weights, panels<Scalar>(to) * panel_size<Scalar>(from));
      windows = std::max(windows, winograd::matrices * windows_stride<Scalar>(from, group));
      products = std::max(products, winograd::matrices * products_stride<Scalar>(group));
    };
    reserve(input_, output_);
    reserve(output_, input_);
    return {Vector<Scalar>(weights),
            Vector<Scalar>(winograd::kernel * winograd::kernel * input_.channels * output_.channels),
            Vector<Scalar>(windows),
            Vector<Scalar>(products),
            Vector<Scalar>::Zero(channels),
            Vector<Scalar>(channels)};
  }

  /// y = weights * x + bias.
  template <Real Scalar>
  void convolve(const Scalar* weights, const Scalar* bias, ConstMatrixView<Scalar> x, MatrixView<Scalar> y,
                Workspace<Scalar>& w) const {
    convolve(weights, bias, x, input_, padding_, y, output_, w);
  }

  /// dx = the adjoint of `weights *` at dy: a convolution as well.
  template <Real Scalar>
  void convolve_adjoint(const Scalar* weights, ConstMatrixView<Scalar> dy, MatrixView<Scalar> dx,
                        Workspace<Scalar>& w) const {
    winograd::turn_weights(weights, output_.channels, input_.channels, w.turned.data());
    convolve<Scalar>(w.turned.data(), w.zeros.data(), dy, output_, winograd::kernel - 1 - padding_, dx, input_, w);
  }

  /// gradient += that of <dy, weights * x> by the weights.
  template <Real Scalar>
  void add_gradient(ConstMatrixView<Scalar> dy, ConstMatrixView<Scalar> x, Scalar* gradient,
                    Workspace<Scalar>& w) const {
    const winograd::TileGrid grid(output_);
    const Index depth = input_.channels, tiles = dy.cols() * grid.size();
    const Index weights_stride = winograd::apart<Scalar>(depth * panel_rows<Scalar>);
    for_each_group(input_, tiles, [&](Index first, Index count) {
      const Index windows_step = windows_stride<Scalar>(input_, count), products_step = products_stride<Scalar>(count);
      transform_windows(x, input_, padding_, grid, first, count, w);
      for (Index row = 0; row < output_.channels; row += panel_rows<Scalar>) {
        const Index rows = std::min(panel_rows<Scalar>, output_.channels - row);
        winograd::for_each_square<winograd::tile>(
            dy.data() + row, output_, grid, 0, std::as_const(w.zeros).data(), first, count,
            [&](Index t, const auto& pixels) {
              winograd::to_matrices<winograd::OutputGradientTransform>(
                  pixels, rows, w.products.data() + t * panel_rows<Scalar>, products_step);
            });
        Scalar* panel = panel_of(input_, row, tiles, count, w);
        for (Index k = 0; k < winograd::matrices; ++k) {
          const ProductTile<Scalar> product{count,
                                            w.products.data() + k * products_step,
                                            panel_rows<Scalar>,
                                            w.windows.data() + k * windows_step,
                                            winograd::apart<Scalar>(depth),
                                            1,
                                            panel + k * weights_stride,
                                            panel_rows<Scalar>,
                                            nullptr};
          if (first == 0)
            multiply_narrow<Start::zero>(product, rows, depth);
          else
            multiply_narrow<Start::target>(product, rows, depth);
        }
        if (first + count == tiles)
          winograd::add_weight_gradient(panel, weights_stride, output_.channels, depth, rows, gradient + row);
      }
    });
  }

 private:
  /// Tiles that are worked on at a time: so many that the right operands take half of a second cache.
  static Index group_size(const ImageShape& from, Index tiles) {
    const Index most = std::max<Index>(12, SCOREFIELD_T / from.channels);
    const Index groups = (tiles + most - 1) / most;
    return (tiles + groups - 1) / groups;
  }

  /// Calls f(first, count).
  template <class F>
  static void for_each_group(const ImageShape& from, Index tiles, const F& f) {
    const Index size = group_size(from, tiles);
    for (Index first = 0; first < tiles; first += size) f(first, std::min(size, tiles - first));
  }

  template <Real Scalar>
  static Index windows_stride(const ImageShape& from, Index tiles) {
    return winograd::apart<Scalar>(tiles * winograd::apart<Scalar>(from.channels));
  }
  template <Real Scalar>
  static Index products_stride(Index tiles) {
    return winograd::apart<Scalar>(tiles * panel_rows<Scalar>);
  }
  template <Real Scalar>
  static Index panels(const ImageShape& to) {
    return (to.channels + panel_rows<Scalar> - 1) / panel_rows<Scalar>;
  }
  /// Of transformed weights.
  template <Real Scalar>
  static Index panel_size(const ImageShape& from) {
    return winograd::matrices * winograd::apart<Scalar>(from.channels * panel_rows<Scalar>);
  }

  /// Where the transformed weights of rows `row` and following stand. A single group uses each panel once: they then
  /// all take the same place, which stays in the cache.
  template <Real Scalar>
  static Scalar* panel_of(const ImageShape& from, Index row, Index tiles, Index count, Workspace<Scalar>& w) {
    return w.weights.data() + (count == tiles ? 0 : row / panel_rows<Scalar> * panel_size<Scalar>(from));
  }

  template <Real Scalar>
  static void transform_windows(ConstMatrixView<Scalar> from, const ImageShape& shape, Index padding,
                                const winograd::TileGrid& grid, Index first, Index count, Workspace<Scalar>& w) {
    const Index column = winograd::apart<Scalar>(shape.channels), step = windows_stride<Scalar>(shape, count);
    winograd::for_each_square<winograd::window>(
        from.data(), shape, grid, padding, std::as_const(w.zeros).data(), first, count,
        [&](Index t, const auto& pixels) {
          winograd::to_matrices<winograd::InputTransform>(pixels, shape.channels, w.windows.data() + t * column, step);
        });
  }

  template <Start start, Real Scalar>
  static void multiply_narrow(const ProductTile<Scalar>& tile, Index rows, Index columns) {
    for_each_tile_height<start>(tile, rows, [&](auto packets, const auto& here, Index part) {
      multiply_grid_row<start, packets()>(here, columns, part);
    });
  }

  template <Real Scalar>
  static void convolve(const Scalar* weights, const Scalar* bias, ConstMatrixView<Scalar> from, const ImageShape& shape,
                       Index padding, MatrixView<Scalar> to, const ImageShape& to_shape, Workspace<Scalar>& w) {
    const winograd::TileGrid grid(to_shape);
    const Index depth = shape.channels, tiles = to.cols() * grid.size();
    const Index weights_stride = winograd::apart<Scalar>(depth * panel_rows<Scalar>);
    for_each_group(shape, tiles, [&](Index first, Index count) {
      const Index windows_step = windows_stride<Scalar>(shape, count), products_step = products_stride<Scalar>(count);
      transform_windows(from, shape, padding, grid, first, count, w);
      for (Index row = 0; row < to_shape.channels; row += panel_rows<Scalar>) {
        const Index rows = std::min(panel_rows<Scalar>, to_shape.channels - row);
        Scalar* panel = panel_of(shape, row, tiles, count, w);
        if (first == 0)
          winograd::transform_weights(weights + row, to_shape.channels, depth, rows, panel, weights_stride);
        for (Index k = 0; k < winograd::matrices; ++k) {
          ProductTile<Scalar> product{std::min(depth, block_depth),
                                      panel + k * weights_stride,
                                      panel_rows<Scalar>,
                                      w.windows.data() + k * windows_step,
                                      1,
                                      winograd::apart<Scalar>(depth),
                                      w.products.data() + k * products_step,
                                      panel_rows<Scalar>,
                                      nullptr};
          multiply_narrow<Start::zero>(product, rows, count);
          for (Index c = block_depth; c < depth; c += block_depth) {
            product.left += block_depth * panel_rows<Scalar>;
            product.right += block_depth;
            product.depth = std::min(depth - c, block_depth);
            multiply_narrow<Start::target>(product, rows, count);
          }
        }
        winograd::for_each_square<winograd::tile>(
            to.data() + row, to_shape, grid, 0, w.dropped.data(), first, count, [&](Index t, const auto& pixels) {
              winograd::to_pixels(w.products.data() + t * panel_rows<Scalar>, products_step, bias + row, pixels, rows);
            });
      }
    });
  }

  ImageShape input_, output_;
  Index padding_;
};

}  // namespace scorefield::detail
