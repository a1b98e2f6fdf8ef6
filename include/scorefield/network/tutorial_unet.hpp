/// TutorialUNet: the U-Net of the tutorial on score-based models that this library began with.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/log_sigmoid.hpp"
#include "scorefield/layer/any_image_layer.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/max_pool.hpp"
#include "scorefield/network/detail/u_shape.hpp"
#include "scorefield/network/time_channel.hpp"

namespace scorefield {

namespace detail {

template <Real S>
struct TutorialParts {
  static constexpr std::array<Index, 5> widths{32, 64, 128, 256, 256};
  static constexpr std::size_t levels = widths.size();

  void enter(std::size_t level, GrowingLayers<S>& layers) const {
    layers.add(Convolution<S, LogSigmoid>(layers.shape(), widths[level]));
  }
  void down(std::size_t, GrowingLayers<S>& layers) const {
    layers.add(MaxPool<S>(layers.shape(), {.padding = layers.shape().height % 2}));
  }
  void up(std::size_t level, const ImageShape& to, GrowingLayers<S>& layers) const {
    layers.add(doubling_convolution<S, LogSigmoid>(layers.shape(), to, widths[level]));
  }
  void leave(std::size_t level, GrowingLayers<S>& layers) const {
    if (level > 0) return;
    layers.add(Convolution<S, LogSigmoid>(layers.shape(), widths[0]));
    layers.add(Convolution<S>(layers.shape(), 1));
  }
};

}  // namespace detail

/// A U-Net for images of 28 x 28, with the time as a second channel: convolutions of 32, 64, 128, 256 and 256 channels
/// at 28, 14, 7, 4 and 2 pixels with maximum pooling between, transposed convolutions back, and two convolutions at the
/// end; LogSigmoid after all but the last. It has 2,361,409 parameters and takes 111 MFLOP an image. It is the network
/// of "Score-based generative model tutorial 2nd part: with SDE", github.com/mfkasim1/score-based-tutorial.
template <Real S>
class TutorialUNet : public TimeChannel<LayerList<AnyImageLayer<S>>> {
 public:
  static constexpr ImageShape image{.height = 28, .width = 28, .channels = 1};

  TutorialUNet()
      : TutorialUNet::TimeChannel(image, detail::u_shape<S>(detail::TutorialParts<S>{}, {28, 28, 2}),
                                  detail::images_in_chunk) {}

  static std::string settings() { return settings_text("TutorialUNet", {}); }
};

}  // namespace scorefield
