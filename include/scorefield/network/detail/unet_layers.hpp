/// The form of a U: down to coarse images and up again, with a connection across at every size.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/layer/skip_connection.hpp"
#include "scorefield/layer/transposed_convolution.hpp"

namespace scorefield::detail {

/// Enough that weights are transformed and packed seldom, few enough that four threads share a batch of 64.
inline constexpr Index images_in_chunk = 16;

template <class... L>
ImageShape output_shape(const ImageShape& input, const std::tuple<L...>& layers) {
  if constexpr (sizeof...(L) == 0)
    return input;
  else
    return std::get<sizeof...(L) - 1>(layers).output_shape();
}

template <class... L>
auto in_sequence(std::tuple<L...> layers) {
  return std::apply([](auto&... layer) { return Sequential(std::move(layer)...); }, layers);
}

/// The layers from one size of a U on: enter, then, but at the bottom, down to the next size and up again beside a skip
/// connection, then leave and what then(shape) gives. `Parts` offers `levels`, and enter, down, up and leave, which
/// take a shape and give a tuple of layers for a level. The first that follows a connection becomes its own.
template <std::size_t Level, class Parts, class Then>
auto unet_layers(const Parts& parts, const ImageShape& input, const Then& then) {
  auto enter = parts.template enter<Level>(input);
  const auto shape = output_shape(input, enter);
  const auto leave = [&](const ImageShape& from) {
    auto layers = parts.template leave<Level>(from);
    auto rest = then(output_shape(from, layers));
    return std::tuple_cat(std::move(layers), std::move(rest));
  };
  if constexpr (Level + 1 == Parts::levels) {
    return std::tuple_cat(std::move(enter), leave(shape));
  } else {
    auto down = parts.template down<Level>(shape);
    auto coarse = unet_layers<Level + 1>(parts, output_shape(shape, down),
                                         [&](const ImageShape& from) { return parts.template up<Level>(from, shape); });
    const Index channels = output_shape(shape, coarse).channels + shape.channels;
    auto inner = in_sequence(std::tuple_cat(std::move(down), std::move(coarse)));
    const auto connect = [&](auto& after, auto&... rest) {
      SkipConnection skip(shape, std::move(inner), std::move(after));
      return std::tuple_cat(std::move(enter), std::tuple{std::move(skip), std::move(rest)...});
    };
    auto following = leave({shape.height, shape.width, channels});
    return std::apply(connect, following);
  }
}

template <class Parts>
auto unet_body(const Parts& parts, const ImageShape& input) {
  return in_sequence(unet_layers<0>(parts, input, [](const ImageShape&) { return std::tuple{}; }));
}

/// From an image that was halved back to its size.
template <Real S, Activation F>
auto doubling_convolution(const ImageShape& from, const ImageShape& to, Index channels) {
  return TransposedConvolution<S, F>(from, channels, {.output_padding = to.height - 2 * from.height + 1});
}

}  // namespace scorefield::detail
