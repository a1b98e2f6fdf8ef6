/// The base class of pooling layers, and their options.
#pragma once

#include <algorithm>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield {

/// Windows of kernel x kernel pixels, each `stride` pixels from the one before, on an image with `padding` pixels added
/// on each side: floor((size + 2 padding - kernel) / stride) + 1 of them along a side. kernel and stride from 1 on,
/// padding in [0, kernel).
struct PoolOptions {
  Index kernel = 2;
  Index stride = 2;
  Index padding = 0;
};

namespace detail {

template <Real S>
class Pool : public ImageMap<S> {
 protected:
  Pool(const std::string& operation, const ImageShape& shape, const PoolOptions& options)
      : ImageMap<S>(checked_shape(operation, shape), pooled(operation, shape, options)), options_(options) {}

  Index kernel() const { return options_.kernel; }

  /// f(input, output) for each pixel of the input in the window of each pixel of the output, from the top left
  /// on: the first numbers of both pixels, as indices into a batch of that many columns.
  template <class F>
  void for_each_in_windows(Index columns, const F& f) const {
    const ImageShape &in = this->input_shape(), &out = this->output_shape();
    const auto [kernel, stride, padding] = options_;
    for (Index j = 0; j < columns; ++j)
      for (Index row = 0; row < out.height; ++row)
        for (Index column = 0; column < out.width; ++column) {
          const Index top = row * stride - padding, left = column * stride - padding;
          const Index to = j * out.size() + (row * out.width + column) * out.channels;
          for (Index r = std::max(top, Index{0}); r < std::min(top + kernel, in.height); ++r)
            for (Index c = std::max(left, Index{0}); c < std::min(left + kernel, in.width); ++c)
              f(j * in.size() + (r * in.width + c) * in.channels, to);
        }
  }

 private:
  static ImageShape pooled(const std::string& operation, const ImageShape& shape, const PoolOptions& options) {
    const auto [kernel, stride, padding] = options;
    if (kernel < 1 || stride < 1 || padding < 0 || padding >= kernel)
      throw InvalidArgument(operation, "a kernel and a stride from 1 on and a padding in [0, kernel)",
                            text(kernel, ", ", stride, " and ", padding), "the usual ones are 2, 2 and 0");
    if (std::min(shape.height, shape.width) + 2 * padding < kernel)
      throw InvalidArgument(operation, text("an image of at least ", kernel - 2 * padding, " pixels a side"),
                            text(shape.height, " x ", shape.width), "pool less often, or with a smaller kernel");
    return {(shape.height + 2 * padding - kernel) / stride + 1, (shape.width + 2 * padding - kernel) / stride + 1,
            shape.channels};
  }

  PoolOptions options_;
};

}  // namespace detail

}  // namespace scorefield
