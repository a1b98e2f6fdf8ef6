/// The linear map of a convolution, its adjoint, and its gradient by the weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/convolution/border.hpp"
#include "scorefield/layer/detail/convolution/window_product.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield::detail {

/// A window of kernel.rows x kernel.columns pixels moves over a wide image by `stride` pixels; the image has
/// padding.rows rows of zeros above and below it, and padding.columns columns on its sides. The window's places are the
/// pixels of a narrow image. Weights are narrow.channels x (kernel.rows kernel.columns wide.channels), column (ky
/// kernel.columns + kx) wide.channels + c being of channel c of pixel (ky, kx) of the window:
///   gather    wide to narrow, a pixel being the weights times its window: a convolution
///   scatter   narrow to wide, the adjoint of that: a transposed convolution
/// Their sources are images in a border of zeros; their results may be pairs of images.
class Window {
 public:
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> weights;          // a panel
    Vector<Scalar> narrow;           // in panels
    Vector<Scalar> windows;          // a block of them
    Vector<Scalar> zeros;            // as a bias
    std::vector<Index> run_offsets;  // where the windows of each row of narrow pixels start
  };

  Window(const ImageShape& wide, const ImageShape& narrow, const RowsAndColumns& kernel, Index stride,
         const RowsAndColumns& padding)
      : wide_(wide),
        narrow_(narrow),
        rows_{wide.height, narrow.height, kernel.rows, stride, padding.rows},
        columns_{wide.width, narrow.width, kernel.columns, stride, padding.columns},
        stride_(stride),
        gather_border_{padding, {rows_.after_wide(), columns_.after_wide()}},
        scatter_border_{{rows_.before_narrow(), columns_.before_narrow()},
                        {rows_.after_narrow(), columns_.after_narrow()}} {
    for (Index ky = 0; ky < kernel.rows; ++ky)
      gather_rows_.push_back(ky * gather_border_.around(wide).width * wide.channels);
    for (Index y = 0; y < std::min(stride, wide.height); ++y)
      for (Index x = 0; x < std::min(stride, wide.width); ++x) phases_.push_back(phase(y, x));
  }

  const Border& gather_border() const { return gather_border_; }
  const Border& scatter_border() const { return scatter_border_; }
  /// Of the weights.
  Index rows() const { return narrow_.channels; }
  Index window_size() const { return taps() * wide_.channels; }

  template <Real Scalar>
  Workspace<Scalar> workspace(Index images) const {
    const auto windows = gather_windows(images);
    Workspace<Scalar> w{Vector<Scalar>(panel_rows<Scalar> * taps() * std::max(wide_.channels, narrow_.channels)),
                        Vector<Scalar>(packed_panels_size<Scalar>(narrow_.channels, images * narrow_.pixels())),
                        Vector<Scalar>(packed_windows_size<Scalar>(windows)),
                        Vector<Scalar>::Zero(std::max(narrow_.channels, wide_.channels)),
                        {}};
    for (Index i = 0; i < images; ++i)
      for (Index y = 0; y < narrow_.height; ++y) w.run_offsets.push_back(windows.starts.at(i, y));
    return w;
  }

  /// narrow = weights window + bias, which may be null. wide: images in gather_border().
  template <Real Scalar>
  void gather(const Scalar* weights, const Scalar* bias, ConstMatrixView<Scalar> wide,
              const ImagePairView<Scalar>& narrow, Workspace<Scalar>& w) const {
    const auto gather_part = [&](Index first, Index channels, auto part) {
      const auto multiply_panels = [&](const Panels<Scalar>& left, Index row, Index rows) {
        multiply_windows(left, rows, wide.data(), gather_windows(narrow.cols()),
                         (bias ? bias : w.zeros.data()) + first + row, part.data() + row,
                         {part.rows(), narrow_.width * channels, channels});
      };
      // From some 64 windows on, a copy of the weights takes less time than it saves.
      if (channels % packet_size<Scalar> == 0 && narrow.cols() * narrow_.pixels() < 64)
        return multiply_panels({weights + first, panel_rows<Scalar>, narrow_.channels}, 0, channels);
      for (Index row = 0; row < channels; row += panel_rows<Scalar>) {
        const Index rows = std::min(panel_rows<Scalar>, channels - row);
        pack_rows<Scalar>({weights + first + row, 1, narrow_.channels}, rows, window_size(), w.weights.data());
        multiply_panels({w.weights.data(), 0, panel_rows<Scalar>}, row, rows);
      }
    };
    for_each_part(narrow_.pixels(), gather_part, narrow);
  }

  /// wide = the sum of transposed weights times the pixels whose windows it is in + bias, which may be null. narrow:
  /// images in scatter_border().
  template <Real Scalar>
  void scatter(const Scalar* weights, const Scalar* bias, ConstMatrixView<Scalar> narrow,
               const ImagePairView<Scalar>& wide, Workspace<Scalar>& w) const {
    const auto bordered = scatter_border_.around(narrow_);
    for (const auto& phase : phases_) {
      const Windows windows{wide.cols(),
                            rows_.places(phase.y),
                            columns_.places(phase.x),
                            {bordered.size(), bordered.width * narrow_.channels, narrow_.channels},
                            phase.columns * narrow_.channels,
                            phase.row_offsets};
      const auto scatter_part = [&](Index first, Index channels, auto part) {
        const Index row_size = wide_.width * channels;
        for (Index row = 0; row < channels; row += panel_rows<Scalar>) {
          const Index rows = std::min(panel_rows<Scalar>, channels - row);
          for (std::size_t tap = 0; tap < phase.taps.size(); ++tap)
            pack_rows<Scalar>(
                {weights + (phase.taps[tap] * wide_.channels + first + row) * narrow_.channels, narrow_.channels, 1},
                rows, narrow_.channels,
                w.weights.data() + static_cast<Index>(tap) * narrow_.channels * panel_rows<Scalar>);
          multiply_windows<Scalar>({w.weights.data(), 0, panel_rows<Scalar>}, rows, narrow.data() + phase.source,
                                   windows, (bias ? bias : w.zeros.data()) + first + row,
                                   part.data() + phase.y * row_size + phase.x * channels + row,
                                   {part.rows(), stride_ * row_size, stride_ * channels});
        }
      };
      for_each_part(wide_.pixels(), scatter_part, wide);
    }
  }

  /// gradient += narrow window^T summed over the windows, that of <narrow, gather(wide)> by the weights. wide: images
  /// in gather_border().
  template <Real Scalar>
  void add_gradient(const ConstImagePairView<Scalar>& narrow, ConstMatrixView<Scalar> wide, Scalar* gradient,
                    Workspace<Scalar>& w) const {
    const auto windows = gather_windows(narrow.cols());
    const auto add_part = [&](Index first, Index channels, const auto& part) {
      add_window_gradient(part.data(), channels, wide.data(), windows, gradient + first, narrow_.channels,
                          w.narrow.data(), w.windows.data(), w.run_offsets);
    };
    for_each_part(narrow_.pixels(), add_part, narrow);
  }

 private:
  /// Along one axis, for the wide pixels r, r + stride, ...: kernel positions first, first + stride, ... meet them, in
  /// the windows of narrow pixels place, place - 1, ..., those of the following wide pixels being one further.
  struct Taps {
    Index first, count, place;
  };

  /// One axis of the images.
  struct Axis {
    Index wide, narrow, kernel, stride, padding;

    /// Of the wide pixels first, first + stride, ...
    Index places(Index first) const { return (wide - first + stride - 1) / stride; }

    Taps taps(Index r) const {
      const Index first = (r + padding) % stride;
      return {first, first < kernel ? (kernel - first + stride - 1) / stride : 0, (r + padding) / stride};
    }

    /// The zeros after the wide pixels that the last window reaches; before the image there are `padding`.
    Index after_wide() const { return std::max<Index>(0, (narrow - 1) * stride + kernel - padding - wide); }
    /// The zeros around the narrow pixels that wide pixels at both ends meet.
    Index before_narrow() const {
      return most([&](Index r) { return taps(r).count - 1 - taps(r).place; });
    }
    Index after_narrow() const {
      return most([&](Index r) { return places(r) + taps(r).place - narrow; });
    }

   private:
    /// The largest of zeros(r) for r in [0, stride), or 0 where it is negative.
    template <class F>
    Index most(const F& zeros) const {
      Index largest = 0;
      for (Index r = 0; r < stride; ++r) largest = std::max(largest, zeros(r));
      return largest;
    }
  };

  /// The wide pixels (y + stride i, x + stride j), which all meet the same kernel positions.
  struct Phase {
    Index y, x;
    std::vector<Index> taps;  // kernel positions, in the order of the narrow pixels that they meet
    Index columns;            // of them, in a row
    Index source;             // offset of the first narrow pixel that (y, x) meets, in its border
    std::vector<Index> row_offsets;
  };

  /// Pixels of a window.
  Index taps() const { return rows_.kernel * columns_.kernel; }

  Windows gather_windows(Index images) const {
    const auto bordered = gather_border_.around(wide_);
    return {images,
            narrow_.height,
            narrow_.width,
            {bordered.size(), stride_ * bordered.width * wide_.channels, stride_ * wide_.channels},
            columns_.kernel * wide_.channels,
            gather_rows_};
  }

  Phase phase(Index y, Index x) const {
    const Taps rows = rows_.taps(y), columns = columns_.taps(x);
    const Index bordered_row = scatter_border_.around(narrow_).width * narrow_.channels;
    const auto first_place = [&](const Taps& t, Index before) { return t.place - (t.count - 1) + before; };
    const Index source = first_place(rows, scatter_border_.before.rows) * bordered_row +
                         first_place(columns, scatter_border_.before.columns) * narrow_.channels;
    Phase p{y, x, {}, columns.count, source, {}};
    for (Index i = rows.count; i-- > 0;) {
      p.row_offsets.push_back((rows.count - 1 - i) * bordered_row);
      for (Index j = columns.count; j-- > 0;)
        p.taps.push_back((rows.first + i * stride_) * columns_.kernel + columns.first + j * stride_);
    }
    return p;
  }

  ImageShape wide_, narrow_;
  Axis rows_, columns_;
  Index stride_;
  Border gather_border_, scatter_border_;
  std::vector<Index> gather_rows_;
  std::vector<Phase> phases_;
};

}  // namespace scorefield::detail
