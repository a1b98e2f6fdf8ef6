/// The U-Net of the tutorial that this library began with.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/log_sigmoid.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/max_pool.hpp"
#include "scorefield/network/detail/unet_layers.hpp"
#include "scorefield/network/time_channel.hpp"

namespace scorefield {

namespace detail {

template <Real S>
struct TutorialParts {
  static constexpr std::array<Index, 5> widths{32, 64, 128, 256, 256};
  static constexpr std::size_t levels = widths.size();

  template <std::size_t Level>
  auto enter(const ImageShape& shape) const {
    return std::tuple{Convolution<S, LogSigmoid>(shape, widths[Level])};
  }
  template <std::size_t Level>
  auto down(const ImageShape& shape) const {
    return std::tuple{MaxPool<S>(shape, {.padding = shape.height % 2})};
  }
  template <std::size_t Level>
  auto up(const ImageShape& shape, const ImageShape& to) const {
    return std::tuple{doubling_convolution<S, LogSigmoid>(shape, to, widths[Level])};
  }
  template <std::size_t Level>
  auto leave(const ImageShape& shape) const {
    if constexpr (Level == 0)
      return std::tuple{Convolution<S, LogSigmoid>(shape, widths[0]),
                        Convolution<S>({shape.height, shape.width, widths[0]}, 1)};
    else
      return std::tuple{};
  }
};

}  // namespace detail

/// For images of 28 x 28: the time as a second channel; convolutions of 32, 64, 128, 256 and 256 channels at 28, 14, 7,
/// 4 and 2 pixels with maximum pooling between, transposed convolutions back, and two convolutions at the end;
/// LogSigmoid after all but the last. 2,361,409 parameters, 111 MFLOP an image.
template <Real S>
class TutorialUNet : public TimeChannel<decltype(detail::unet_body(detail::TutorialParts<S>{}, ImageShape{}))> {
 public:
  static constexpr ImageShape image{.height = 28, .width = 28, .channels = 1};

  TutorialUNet()
      : TutorialUNet::TimeChannel(image, detail::unet_body(detail::TutorialParts<S>{}, {28, 28, 2}),
                                  detail::images_in_chunk) {}
};

}  // namespace scorefield
