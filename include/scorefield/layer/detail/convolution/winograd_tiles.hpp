/// From the pixels of tiles to a column in each of 36 matrices, and back; `matrix_stride` numbers lie between entries
/// of neighbouring matrices. Packets are of channels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/convolution/winograd_transform.hpp"

namespace scorefield::detail::winograd {

/// The tiles of images, row by row; the last ones of a row or column may reach beyond the image.
struct TileGrid {
  Index rows, columns;

  explicit TileGrid(const ImageShape& image)
      : rows((image.height + tile_edge - 1) / tile_edge), columns((image.width + tile_edge - 1) / tile_edge) {}

  Index size() const { return rows * columns; }
};

/// The addresses of a square of Edge x Edge pixels of an image whose first pixel is (row, column); `outside` for those
/// that are not in the image.
template <Index Edge, class Pointer>
std::array<Pointer, Edge * Edge> square_of(Pointer image, const ImageShape& shape, Index row, Index column,
                                           Pointer outside) {
  std::array<Pointer, Edge * Edge> pixels;
  auto* to = pixels.data();
  for (Index y = row; y < row + Edge; ++y) {
    const bool row_inside = y >= 0 && y < shape.height;
    for (Index x = column; x < column + Edge; ++x)
      *to++ = row_inside && x >= 0 && x < shape.width ? image + (y * shape.width + x) * shape.channels : outside;
  }
  return pixels;
}

/// Calls f(t, pixels) with the square_of each of the tiles first, first + 1, ..., count of them, that starts
/// padding.rows pixels above and padding.columns left of the tile.
template <Index Edge, class Pointer, class F>
void for_each_square(Pointer images, const ImageShape& shape, const TileGrid& grid, const RowsAndColumns& padding,
                     Pointer outside, Index first, Index count, const F& f) {
  for (Index t = 0; t < count; ++t) {
    const Index image = (first + t) / grid.size(), place = (first + t) % grid.size();
    f(t, square_of<Edge>(images + image * shape.size(), shape, place / grid.columns * tile_edge - padding.rows,
                         place % grid.columns * tile_edge - padding.columns, outside));
  }
}

/// As to_matrices, for whole packets of channels.
template <class Transform, Real Scalar>
SCOREFIELD_ONE_COPY void packets_to_matrices(const std::array<const Scalar*, Transform::from * Transform::from>& pixels,
                                             Index channels, Scalar* column, Index matrix_stride) {
  for (Index c = 0; c < channels; c += packet_size<Scalar>)
    transform_both_axes<Transform, Scalar>(
        [&](Index i, Index j) { return load<Scalar>(pixels[static_cast<std::size_t>(i * Transform::from + j)] + c); },
        [&](Index i, Index j, const Packet<Scalar>& p) {
          store<Scalar>(column + (i * Transform::to + j) * matrix_stride + c, p);
        });
}

/// Channel c of the column in each matrix = the Transform of channel c of the pixels.
template <class Transform, Real Scalar>
void to_matrices(const std::array<const Scalar*, Transform::from * Transform::from>& pixels, Index channels,
                 Scalar* column, Index matrix_stride) {
  constexpr Index size = packet_size<Scalar>;
  const Index rest = channels % size, whole = channels - rest;
  packets_to_matrices<Transform>(pixels, whole, column, matrix_stride);
  if (rest == 0) return;
  std::array<PacketBuffer<Scalar>, Transform::from * Transform::from> last;
  auto last_pixels = pixels;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    std::copy_n(pixels[i] + whole, rest, last[i].values);
    last_pixels[i] = last[i].values;
  }
  Scalar last_column[Transform::to * Transform::to * size];
  packets_to_matrices<Transform>(last_pixels, size, last_column, size);
  for (Index m = 0; m < Transform::to * Transform::to; ++m)
    std::copy_n(last_column + m * size, rest, column + m * matrix_stride + whole);
}

/// As to_pixels, for whole packets of channels.
template <Real Scalar>
SCOREFIELD_ONE_COPY void packets_to_pixels(const Scalar* column, Index matrix_stride, const Scalar* bias,
                                           const std::array<Scalar*, tile_edge * tile_edge>& pixels, Index channels) {
  for (Index c = 0; c < channels; c += packet_size<Scalar>) {
    const auto b = load<Scalar>(bias + c);
    transform_both_axes<OutputTransform, Scalar>(
        [&](Index i, Index j) { return load<Scalar>(column + (i * window_edge + j) * matrix_stride + c); },
        [&](Index i, Index j, const Packet<Scalar>& p) {
          store<Scalar>(pixels[static_cast<std::size_t>(i * tile_edge + j)] + c, add(p, b));
        });
  }
}

/// Channel c of the pixels = the output's transform of channel c of the column in each matrix, plus the bias.
template <Real Scalar>
void to_pixels(const Scalar* column, Index matrix_stride, const Scalar* bias,
               const std::array<Scalar*, tile_edge * tile_edge>& pixels, Index channels) {
  constexpr Index size = packet_size<Scalar>;
  const Index rest = channels % size, whole = channels - rest;
  packets_to_pixels(column, matrix_stride, bias, pixels, whole);
  if (rest == 0) return;
  Scalar last_column[matrices * size] = {};
  for (Index m = 0; m < matrices; ++m) std::copy_n(column + m * matrix_stride + whole, rest, last_column + m * size);
  std::array<PacketBuffer<Scalar>, tile_edge * tile_edge> last;
  auto last_pixels = pixels;
  for (std::size_t i = 0; i < pixels.size(); ++i) last_pixels[i] = last[i].values;
  packets_to_pixels<Scalar>(last_column, size, PacketBuffer<Scalar>(bias + whole, rest).values, last_pixels, size);
  for (std::size_t i = 0; i < pixels.size(); ++i) std::copy_n(last[i].values, rest, pixels[i] + whole);
}

}  // namespace scorefield::detail::winograd
