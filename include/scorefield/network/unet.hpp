/// A U-Net of residual blocks that look at the time.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/attention_block.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/depth_to_space.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/image_shape.hpp"
#include "scorefield/layer/residual_block.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"
#include "scorefield/layer/space_to_depth.hpp"
#include "scorefield/layer/zero_initialised.hpp"
#include "scorefield/network/sequential.hpp"
#include "scorefield/network/time_embedded.hpp"
#include "scorefield/network/unet_layers.hpp"

namespace scorefield {

struct UNetOptions {
  Index fold = 1;         // so many pixels, squared, become channels of one: the network works on smaller images
  Index blocks = 1;       // residual blocks on the way down at each size, and as many on the way up
  Index groups = 8;       // of channels that are normalised together
  Index heads = 0;        // of attention between the blocks down and up at the coarsest size; 0 for none
  Index embedding = 128;  // numbers that tell the blocks the time
};

namespace detail {

template <Real S, UNetOptions Options, Index... Widths>
struct UNetParts {
  static constexpr std::array<Index, sizeof...(Widths)> widths{Widths...};
  static constexpr std::size_t levels = widths.size();

  static auto blocks(const ImageShape& input, Index channels) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple{ResidualBlock<S>({input.height, input.width, I == 0 ? input.channels : channels}, channels,
                                         Options.groups, Options.embedding)...};
    }
    (std::make_index_sequence<static_cast<std::size_t>(Options.blocks)>{});
  }

  template <std::size_t Level>
  static auto attention(const ImageShape& shape) {
    if constexpr (Options.heads > 0 && Level + 1 == levels)
      return std::tuple{AttentionBlock<S>(shape, Options.groups, Options.heads)};
    else
      return std::tuple{};
  }

  template <std::size_t Level>
  auto enter(const ImageShape& input) const {
    if constexpr (Level > 0) {
      return blocks(input, widths[Level]);
    } else {
      SpaceToDepth<S> fold(input, Options.fold);
      Convolution<S> first(fold.output_shape(), widths[0]);
      auto rest = blocks(first.output_shape(), widths[0]);
      return std::tuple_cat(std::tuple{std::move(fold), std::move(first)}, std::move(rest));
    }
  }
  template <std::size_t Level>
  auto down(const ImageShape& shape) const {
    return std::tuple{Convolution<S>(shape, widths[Level + 1], {.stride = 2})};
  }
  template <std::size_t Level>
  auto up(const ImageShape& shape, const ImageShape& to) const {
    return std::tuple{doubling_convolution<S, Identity>(shape, to, widths[Level])};
  }
  template <std::size_t Level>
  auto leave(const ImageShape& shape) const {
    auto layers = std::tuple_cat(attention<Level>(shape), blocks(shape, widths[Level]));
    if constexpr (Level > 0) {
      return layers;
    } else {
      GroupNorm<S, SiLU> norm({shape.height, shape.width, widths[0]}, Options.groups);
      ZeroInitialised<Convolution<S>> last(Convolution<S>(norm.output_shape(), channels * Options.fold * Options.fold));
      DepthToSpace<S> unfold(last.output_shape(), Options.fold);
      return std::tuple_cat(std::move(layers), std::tuple{std::move(norm), std::move(last), std::move(unfold)});
    }
  }

  Index channels;
};

template <Index... Widths>
constexpr bool can_be_unet(const ImageShape& image, const UNetOptions& o) {
  if (sizeof...(Widths) == 0 || o.fold < 1 || o.blocks < 1 || o.groups < 1 || o.heads < 0 || o.embedding < 1)
    return false;
  if (image.height % o.fold != 0 || image.width % o.fold != 0) return false;
  Index height = image.height / o.fold, width = image.width / o.fold;
  for (std::size_t level = 1; level < sizeof...(Widths); ++level) {
    if (height % 2 != width % 2) return false;
    height = (height + 1) / 2, width = (width + 1) / 2;
  }
  Index coarsest = 0;
  ((coarsest = Widths), ...);
  return ((Widths > 0 && Widths % o.groups == 0) && ...) && (o.heads == 0 || coarsest % o.heads == 0);
}

template <Real S>
auto time_embedding(Index size) {
  return Sequential(SinusoidalEmbedding<S>(64), Dense<S, SiLU>(64, size), Dense<S, SiLU>(size, size));
}

}  // namespace detail

/// From images to images of the shape Image. Widths are the channels at each size, from fine to coarse; from one size
/// to the next a convolution of stride 2, and a transposed one back. The fold divides height and width, which are both
/// even or both odd wherever they are halved, the groups divide the widths, and the heads the last of them. Ho et al.
/// 2020, arXiv:2006.11239, with the blocks of Dhariwal and Nichol 2021, arXiv:2105.05233. It starts as 0.
template <Real S, ImageShape Image, UNetOptions Options, Index... Widths>
requires(detail::can_be_unet<Widths...>(Image, Options)) class UNet
    : public TimeEmbedded<decltype(detail::time_embedding<S>(0)),
                          decltype(detail::unet_body(detail::UNetParts<S, Options, Widths...>{}, Image))> {
 public:
  UNet()
      : UNet::TimeEmbedded(detail::time_embedding<S>(Options.embedding),
                           detail::unet_body(detail::UNetParts<S, Options, Widths...>{Image.channels}, Image),
                           detail::images_in_chunk) {}
};

}  // namespace scorefield
