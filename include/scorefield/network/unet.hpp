/// A U-Net of residual blocks that look at the time.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/attention_block.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/depth_to_space.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/residual_block.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"
#include "scorefield/layer/space_to_depth.hpp"
#include "scorefield/layer/zero_initialised.hpp"
#include "scorefield/network/detail/unet_layers.hpp"
#include "scorefield/network/time_embedded.hpp"

namespace scorefield {

struct UNetOptions {
  Index fold = 1;         // fold x fold pixels become the channels of one, by SpaceToDepth
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

template <ImageShape Image, UNetOptions O, Index... Widths>
concept PositiveSizes = (Image.height > 0 && Image.width > 0 && Image.channels > 0 && O.fold > 0 && O.blocks > 0 &&
                         O.groups > 0 && O.heads >= 0 && O.embedding > 0 && sizeof...(Widths) > 0 &&
                         ((Widths > 0) && ...));

template <ImageShape Image, UNetOptions O>
concept FoldDividesImage = (Image.height % O.fold == 0 && Image.width % O.fold == 0);

/// The image at a level, or one without pixels where a transposed convolution of stride 2 could not lead back to it.
constexpr ImageShape size_at_level(ImageShape image, const UNetOptions& o, std::size_t level) {
  image.height /= o.fold, image.width /= o.fold;
  for (; level > 0; --level) {
    if (image.height % 2 != image.width % 2) return {};
    image.height = (image.height + 1) / 2, image.width = (image.width + 1) / 2;
  }
  return image;
}
template <ImageShape Image, UNetOptions O, std::size_t Levels>
concept HeightAndWidthAreHalvedAlike = (size_at_level(Image, O, Levels - 1).pixels() > 0);

template <UNetOptions O, Index... Widths>
concept GroupsDivideWidths = ((Widths % O.groups == 0) && ...);

template <Index... Widths>
constexpr Index coarsest_width() {
  Index last = 0;
  ((last = Widths), ...);
  return last;
}
/// One number alone cannot be normalised.
template <ImageShape Image, UNetOptions O, Index... Widths>
concept GroupsHaveManyNumbers = (size_at_level(Image, O, sizeof...(Widths) - 1).pixels() * coarsest_width<Widths...>() >
                                 O.groups);

template <UNetOptions O, Index... Widths>
concept HeadsDivideCoarsestWidth = (O.heads == 0 || coarsest_width<Widths...>() % O.heads == 0);

/// From a time to `size` numbers: 64 sines and cosines, as they are of half of its frequencies, through two dense
/// layers. Ho et al. 2020, appendix B.
template <Real S>
auto time_embedding(Index size) {
  return Sequential(SinusoidalEmbedding<S>(64), Dense<S, SiLU>(64, size), Dense<S, SiLU>(size, size));
}

}  // namespace detail

/// From images to images of the shape Image, of residual blocks that look at an embedding of the time. Widths are the
/// channels at each size, from fine to coarse. The fold divides height and width, which are both even or both odd
/// wherever they are halved, the groups divide the widths, and the heads the last of them. It starts as 0.
/// After Ho et al. 2020, arXiv:2006.11239, with the blocks of Dhariwal and Nichol 2021, arXiv:2105.05233; but with one
/// connection across at each size, attention at the coarsest alone, convolutions of stride 2 from a size to the next,
/// and transposed ones back.
template <Real S, ImageShape Image, UNetOptions Options, Index... Widths>
requires detail::PositiveSizes<Image, Options, Widths...> && detail::FoldDividesImage<Image, Options> &&
    detail::HeightAndWidthAreHalvedAlike<Image, Options, sizeof...(Widths)> &&
    detail::GroupsDivideWidths<Options, Widths...> && detail::GroupsHaveManyNumbers<Image, Options, Widths...> &&
    detail::HeadsDivideCoarsestWidth<Options, Widths...>
class UNet : public TimeEmbedded<decltype(detail::time_embedding<S>(0)),
                                 decltype(detail::unet_body(detail::UNetParts<S, Options, Widths...>{}, Image))> {
 public:
  UNet()
      : UNet::TimeEmbedded(detail::time_embedding<S>(Options.embedding),
                           detail::unet_body(detail::UNetParts<S, Options, Widths...>{Image.channels}, Image),
                           detail::images_in_chunk) {}
};

}  // namespace scorefield
