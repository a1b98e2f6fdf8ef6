/// Convolutions of 3 x 3 pixels in a quarter of the multiplications.
#pragma once

#include <algorithm>
#include <utility>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/convolution/winograd_transforms.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield::detail {

/// The linear map of a convolution with a kernel of 3 and a stride of 1, its adjoint, and its gradient by the weights.
/// Output is made in tiles of 4 x 4 pixels, each from a window of 6 x 6 of the input: with weights W and a window X,
///   U = G W G^T,  V = B^T X B,  M = sum over input channels of U * V (one by one),  Y = A^T M A,
/// so that M is 36 products of matrices, output channels x input channels times input channels x tiles. The way back
/// is the same with each matrix transposed. Lavin and Gray 2016, arXiv:1509.09308.
class Winograd {
 public:
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> weights, weight_gradient;  // 36 x output channels x input channels
    Vector<Scalar> inputs, outputs;           // 36 x channels x tiles of a group
    Vector<Scalar> zeros, unused;             // a pixel outside of the image, to be read and to be written
  };

  Winograd(const ImageShape& input, const ImageShape& output, Index padding)
      : input_(input),
        output_(output),
        padding_(padding),
        rows_((output.height + winograd::tile - 1) / winograd::tile),
        columns_((output.width + winograd::tile - 1) / winograd::tile) {}

  /// Whether it takes less time than the direct way, for one image as for many: transforming the weights takes about as
  /// long as seven tiles. Channels that fill the packets of all processors alike need no parts of packets.
  static bool pays(const ImageShape& input, const ImageShape& output, Index kernel, Index stride) {
    if (kernel != winograd::taps || stride != 1 || input.channels % 16 != 0 || output.channels % 16 != 0) return false;
    const Winograd w(input, output, 0);
    return winograd::products * (w.tiles() + 7) < kernel * kernel * output.pixels();
  }

  template <Real Scalar>
  Workspace<Scalar> workspace() const {
    const Index weights = winograd::products * stride<Scalar>(weight_size());
    const auto room = [&](Index channels) {
      return Vector<Scalar>(winograd::products * stride<Scalar>(channels * group_size()));
    };
    const Index channels = std::max(input_.channels, output_.channels);
    return {Vector<Scalar>(weights), Vector<Scalar>(weights),        room(input_.channels),
            room(output_.channels),  Vector<Scalar>::Zero(channels), Vector<Scalar>(channels)};
  }

  /// y = W * x + bias.
  template <Real Scalar>
  void convolve(const Scalar* weights, const Scalar* bias, ConstMatrixView<Scalar> x, MatrixView<Scalar> y,
                Workspace<Scalar>& w) const {
    transform_weights(weights, w);
    for_each_group(x.cols(), [&](Index first, Index count) {
      transform_inputs(x, first, count, w);
      for_each_product([&](Index k) {
        scorefield::multiply<Scalar>(weights_at(std::as_const(w.weights), k),
                                     at(std::as_const(w.inputs), k, input_.channels, count),
                                     at(w.outputs, k, output_.channels, count));
      });
      for (Index t = 0; t < count; ++t) write_outputs(first + t, t, bias, y, w);
    });
  }

  /// After convolve with the same weights and x: gradient += that of <dy, W * x> by the weights, and dx, where it has
  /// columns, becomes that by x.
  template <Real Scalar>
  void convolve_back(ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> dy, MatrixView<Scalar> dx, Scalar* gradient,
                     Workspace<Scalar>& w) const {
    w.weight_gradient.setZero();
    dx.setZero();
    for_each_group(x.cols(), [&](Index first, Index count) {
      transform_inputs(x, first, count, w);
      for (Index t = 0; t < count; ++t) transform_output_gradient(first + t, t, dy, w);
      for_each_product([&](Index k) {
        const auto dm = at(std::as_const(w.outputs), k, output_.channels, count);
        add_multiply_right_transposed<Scalar>(dm, at(std::as_const(w.inputs), k, input_.channels, count),
                                              weights_at(w.weight_gradient, k));
        if (dx.cols() > 0)
          multiply_left_transposed<Scalar>(weights_at(std::as_const(w.weights), k), dm,
                                           at(w.inputs, k, input_.channels, count));
      });
      if (dx.cols() > 0)
        for (Index t = 0; t < count; ++t) add_input_gradient(first + t, t, dx, w);
    });
    add_weight_gradient(gradient, w);
  }

 private:
  /// Where the pixels of a window or of a tile are.
  template <class Pointer>
  struct Pixels {
    Pointer at[winograd::window][winograd::window];
  };

  Index tiles() const { return rows_ * columns_; }
  Index weight_size() const { return input_.channels * output_.channels; }

  /// As many tiles as stay in the second cache, together with a part of the weights.
  Index group_size() const { return std::max<Index>(24, 5000 / (input_.channels + output_.channels) / 24 * 24); }

  /// From one of the 36 matrices to the next: a line of the cache more than its size, which may be a power of 2.
  template <Real Scalar>
  static Index stride(Index size) {
    return size + 64 / static_cast<Index>(sizeof(Scalar));
  }

  template <class F>
  void for_each_group(Index images, const F& f) const {
    for (Index first = 0; first < images * tiles(); first += group_size())
      f(first, std::min(group_size(), images * tiles() - first));
  }
  template <class F>
  static void for_each_product(const F& f) {
    for (Index k = 0; k < winograd::products; ++k) f(k);
  }

  template <Real Scalar>
  MatrixView<Scalar> at(Vector<Scalar>& m, Index k, Index channels, Index count) const {
    return {m.data() + k * stride<Scalar>(channels * group_size()), channels, count};
  }
  template <Real Scalar>
  ConstMatrixView<Scalar> at(const Vector<Scalar>& m, Index k, Index channels, Index count) const {
    return {m.data() + k * stride<Scalar>(channels * group_size()), channels, count};
  }
  template <Real Scalar>
  MatrixView<Scalar> weights_at(Vector<Scalar>& m, Index k) const {
    return {m.data() + k * stride<Scalar>(weight_size()), output_.channels, input_.channels};
  }
  template <Real Scalar>
  ConstMatrixView<Scalar> weights_at(const Vector<Scalar>& m, Index k) const {
    return {m.data() + k * stride<Scalar>(weight_size()), output_.channels, input_.channels};
  }

  /// The size x size pixels from (tile row, tile column) x 4 - margin on, of an image at `images`; `outside` for those
  /// that it does not have.
  template <class Pointer>
  Pixels<Pointer> pixels(Pointer images, const ImageShape& shape, Index index, Index size, Index margin,
                         Pointer outside) const {
    const Index image = index / tiles(), place = index % tiles();
    const Index top = place / columns_ * winograd::tile - margin, left = place % columns_ * winograd::tile - margin;
    Pixels<Pointer> pixels;
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j) {
        const Index y = top + i, x = left + j;
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        pixels.at[i][j] = inside ? images + image * shape.size() + (y * shape.width + x) * shape.channels : outside;
      }
    return pixels;
  }

  template <Real Scalar>
  SCOREFIELD_ONE_COPY void transform_weights(const Scalar* weights, Workspace<Scalar>& w) const {
    const Index size = weight_size(), step = stride<Scalar>(size);
    Scalar* to = w.weights.data();
    winograd::on_both_sides<winograd::G, Scalar>(
        size, [&](Index r, Index c, Index i) { return load<Scalar>(weights + (r * winograd::taps + c) * size + i); },
        [&](Index r, Index c, Index i, const auto& packet) {
          store<Scalar>(to + (r * winograd::window + c) * step + i, packet);
        });
  }

  template <Real Scalar>
  SCOREFIELD_ONE_COPY void add_weight_gradient(Scalar* gradient, Workspace<Scalar>& w) const {
    const Index size = weight_size(), step = stride<Scalar>(size);
    const Scalar* from = w.weight_gradient.data();
    winograd::on_both_sides<winograd::GTransposed, Scalar>(
        size, [&](Index r, Index c, Index i) { return load<Scalar>(from + (r * winograd::window + c) * step + i); },
        [&](Index r, Index c, Index i, const auto& packet) {
          Scalar* to = gradient + (r * winograd::taps + c) * size + i;
          store<Scalar>(to, Eigen::internal::padd(load<Scalar>(to), packet));
        });
  }

  /// Of tiles [first, first + count) of all images.
  template <Real Scalar>
  SCOREFIELD_ONE_COPY void transform_inputs(ConstMatrixView<Scalar> x, Index first, Index count,
                                            Workspace<Scalar>& w) const {
    const Index step = stride<Scalar>(input_.channels * group_size());
    for (Index t = 0; t < count; ++t) {
      const auto from = pixels<const Scalar*>(x.data(), input_, first + t, winograd::window, padding_, w.zeros.data());
      Scalar* to = w.inputs.data() + t * input_.channels;
      winograd::on_both_sides<winograd::BTransposed, Scalar>(
          input_.channels, [&](Index r, Index c, Index i) { return load<Scalar>(from.at[r][c] + i); },
          [&](Index r, Index c, Index i, const auto& packet) {
            store<Scalar>(to + (r * winograd::window + c) * step + i, packet);
          });
    }
  }

  /// Tile t of the group.
  template <Real Scalar>
  SCOREFIELD_ONE_COPY void write_outputs(Index index, Index t, const Scalar* bias, MatrixView<Scalar> y,
                                         Workspace<Scalar>& w) const {
    const Index step = stride<Scalar>(output_.channels * group_size());
    const auto to = pixels<Scalar*>(y.data(), output_, index, winograd::tile, 0, w.unused.data());
    const Scalar* from = w.outputs.data() + t * output_.channels;
    winograd::on_both_sides<winograd::ATransposed, Scalar>(
        output_.channels,
        [&](Index r, Index c, Index i) { return load<Scalar>(from + (r * winograd::window + c) * step + i); },
        [&](Index r, Index c, Index i, const auto& packet) {
          store<Scalar>(to.at[r][c] + i, Eigen::internal::padd(packet, load<Scalar>(bias + i)));
        });
  }

  template <Real Scalar>
  SCOREFIELD_ONE_COPY void transform_output_gradient(Index index, Index t, ConstMatrixView<Scalar> dy,
                                                     Workspace<Scalar>& w) const {
    const Index step = stride<Scalar>(output_.channels * group_size());
    const auto from = pixels<const Scalar*>(dy.data(), output_, index, winograd::tile, 0, w.zeros.data());
    Scalar* to = w.outputs.data() + t * output_.channels;
    winograd::on_both_sides<winograd::A, Scalar>(
        output_.channels, [&](Index r, Index c, Index i) { return load<Scalar>(from.at[r][c] + i); },
        [&](Index r, Index c, Index i, const auto& packet) {
          store<Scalar>(to + (r * winograd::window + c) * step + i, packet);
        });
  }

  template <Real Scalar>
  SCOREFIELD_ONE_COPY void add_input_gradient(Index index, Index t, MatrixView<Scalar> dx, Workspace<Scalar>& w) const {
    const Index step = stride<Scalar>(input_.channels * group_size());
    const auto to = pixels<Scalar*>(dx.data(), input_, index, winograd::window, padding_, w.unused.data());
    const Scalar* from = w.inputs.data() + t * input_.channels;
    winograd::on_both_sides<winograd::B, Scalar>(
        input_.channels,
        [&](Index r, Index c, Index i) { return load<Scalar>(from + (r * winograd::window + c) * step + i); },
        [&](Index r, Index c, Index i, const auto& packet) {
          Scalar* pixel = to.at[r][c] + i;
          store<Scalar>(pixel, Eigen::internal::padd(load<Scalar>(pixel), packet));
        });
  }

  ImageShape input_, output_;
  Index padding_, rows_, columns_;
};

}  // namespace scorefield::detail
