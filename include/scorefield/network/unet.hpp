/// UNet: a U-Net of residual blocks told the time and a condition, with optional self-attention at its coarsest size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/any_image_layer.hpp"
#include "scorefield/layer/attention_block.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/crop.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/depth_to_space.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/residual_block.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"
#include "scorefield/layer/space_to_depth.hpp"
#include "scorefield/layer/zero_initialised.hpp"
#include "scorefield/layer/zero_pad.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/network/detail/u_shape.hpp"
#include "scorefield/network/time_embedded.hpp"

namespace scorefield {

struct UNetOptions {
  std::vector<Index> widths;  // the channels at each size, from fine to coarse
  Index fold = 1;             // fold x fold pixels become the channels of one, by SpaceToDepth; of a sequence 1 x fold
  Index kernel = 3;           // of convolutions, 3 x 3; of a sequence 1 x kernel, which is odd and from 3 on
  Index blocks = 1;           // residual blocks on the way down at each size, and as many on the way up
  Index groups = 8;           // of channels that are normalised together
  Index heads = 0;            // of attention between the blocks down and up at the coarsest size; 0 for none
  Index embedding = 128;      // numbers that tell the blocks the time and the condition
  Index condition = 0;        // numbers that each image is given
};

namespace detail {

template <Real S>
struct UNetParts {
  ImageShape image;
  const UNetOptions& options;
  std::size_t levels = options.widths.size();
  RowsAndColumns fold = along_axes(options.fold), kernel = along_axes(options.kernel);

  void enter(std::size_t level, GrowingLayers<S>& layers) const {
    if (level == 0) {
      const auto whole = [](Index n, Index part) { return (n + part - 1) / part * part; };
      const Index height = whole(image.height, fold.rows), width = whole(image.width, fold.columns);
      if (height > image.height || width > image.width) layers.add(ZeroPad<S>(image, height, width));
      layers.add(SpaceToDepth<S>(layers.shape(), fold));
      layers.add(Convolution<S>(layers.shape(), options.widths[0], centred(kernel)));
    }
    blocks(level, layers);
  }

  void down(std::size_t level, GrowingLayers<S>& layers) const {
    layers.add(Convolution<S>(layers.shape(), options.widths[level + 1], centred(kernel, 2)));
  }

  void up(std::size_t level, const ImageShape& to, GrowingLayers<S>& layers) const {
    layers.add(doubling_convolution<S, Identity>(layers.shape(), to, options.widths[level], kernel));
  }

  void leave(std::size_t level, GrowingLayers<S>& layers) const {
    if (options.heads > 0 && level + 1 == levels)
      layers.add(AttentionBlock<S>(layers.shape(), options.groups, options.heads));
    blocks(level, layers);
    if (level > 0) return;
    layers.add(GroupNorm<S, SiLU>(layers.shape(), options.groups));
    layers.add(ZeroInitialised(Convolution<S>(layers.shape(), image.channels * fold.pixels(), centred(kernel))));
    layers.add(DepthToSpace<S>(layers.shape(), fold));
    if (layers.shape() != image) layers.add(Crop<S>(layers.shape(), image.height, image.width));
  }

 private:
  /// Of a sequence, whose only row is left as it is, along its length alone.
  RowsAndColumns along_axes(Index n) const { return {image.height == 1 ? 1 : n, n}; }

  void blocks(std::size_t level, GrowingLayers<S>& layers) const {
    for (Index i = 0; i < options.blocks; ++i)
      layers.add(ResidualBlock<S>(layers.shape(), options.widths[level], options.groups, options.embedding, kernel));
  }
};

/// The options, or InvalidArgument where they make no network on such images.
inline const UNetOptions& checked(const ImageShape& image, const UNetOptions& o) {
  checked_shape("UNet", image);
  const auto least = [](const char* name, Index value, Index smallest, const char* hint) {
    check_least("UNet", name, value, smallest, hint);
  };
  least("a fold", o.fold, 1, "1 leaves the pixels as they are");
  least("a number of blocks", o.blocks, 1, "usual are 1 to 3");
  least("a number of groups", o.groups, 1, "usual are 8 to 32");
  least("a number of heads", o.heads, 0, "0 leaves attention out");
  least("an embedding", o.embedding, 1, "usual are 128 to 512 numbers");
  least("a condition", o.condition, 0, "0 is for images that are given nothing");
  if (o.fold > std::max(image.height, image.width))
    throw InvalidArgument("UNet", "a fold that is not larger than the image",
                          text(o.fold, " for ", image.height, " x ", image.width), "usual are 1, 2 and 4");
  if (image.height > 1 && o.kernel != 3)
    throw InvalidArgument("UNet", "a kernel of 3 for images of more than one row",
                          text(o.kernel, " for ", image.height, " x ", image.width),
                          "other kernels are for sequences, images of height 1");
  if (o.kernel < 3 || o.kernel % 2 == 0)
    throw InvalidArgument("UNet", "an odd kernel from 3 on", text(o.kernel), "sequences have 3 or 5");
  if (o.widths.empty())
    throw InvalidArgument("UNet", "a width for each size, from fine to coarse", "none", "say {.widths = {48, 96}}");
  ImageShape size{(image.height + o.fold - 1) / o.fold, (image.width + o.fold - 1) / o.fold, 0};
  for (const Index width : o.widths) {
    const Index below = width / o.groups * o.groups;
    if (width < 1 || width != below)
      throw InvalidArgument(
          "UNet", text("positive widths that ", o.groups, " groups divide"), text("a width of ", width),
          below > 0 ? text("take ", below, " or ", below + o.groups) : text("take ", o.groups, " or a multiple of it"));
    if (size.pixels() * width == o.groups)
      throw InvalidArgument("UNet", "groups of more than one number, since one alone is normalised to 0",
                            text(o.groups, " groups of ", width, " channels at the size of a single pixel"),
                            text("take a width of ", 2 * o.groups, " there, fewer groups, or fewer sizes"));
    size = {(size.height + 1) / 2, (size.width + 1) / 2, 0};
  }
  if (const Index coarsest = o.widths.back(); o.heads > 0 && coarsest % o.heads != 0) {
    Index fewer = std::min(o.heads, coarsest), more = fewer;
    while (coarsest % fewer != 0) --fewer;
    while (coarsest % more != 0) ++more;
    throw InvalidArgument("UNet", text("a number of heads that divides the coarsest width, ", coarsest), text(o.heads),
                          fewer == more ? text("take ", fewer) : text("take ", fewer, " or ", more));
  }
  return o;
}

/// Throws InvalidArgument where sizes that are read from a file make images or weights that no memory holds, whose
/// number overflows, or more blocks than a network has.
inline void check_stored(const ImageShape& image, const UNetOptions& o) {
  const auto number = [](Index size) { return static_cast<double>(size); };
  const double folded = number(image.channels) * number(o.fold) * number(o.fold),
               pixels = number(image.height) * number(image.width),
               weights = folded * number(o.kernel) * number(o.kernel) * number(o.widths.empty() ? 0 : o.widths.front()),
               blocks = number(o.blocks) * static_cast<double>(o.widths.size());
  if (pixels * folded > 1e10 || weights > 1e10 || blocks > number(largest_stored_count))
    throw InvalidArgument("UNet", "sizes of a network that was written to a file",
                          text("images of ", image.height, " x ", image.width, " x ", image.channels, ", fold ", o.fold,
                               ", ", blocks, " blocks"),
                          "the description was changed");
}

/// Embeds a time in `size` numbers: the sines and cosines of 32 frequencies, then two dense layers. Ho et al. 2020,
/// arXiv:2006.11239, appendix B.
template <Real S>
auto time_embedding(Index size) {
  return Sequential(SinusoidalEmbedding<S>(64), Dense<S, SiLU>(64, size), Dense<S, SiLU>(size, size));
}

}  // namespace detail

/// A network from images to images of the same shape, of residual blocks that look at an embedding of the time:
///   UNet<float> network({.height = 28, .width = 28, .channels = 1}, {.widths = {48, 96}, .fold = 2});
/// Any image will do: zeros below and to the right fill it up to whole folds, and the result is cropped. Where an odd
/// number of pixels is halved, it is rounded up. The network starts as 0.
///
/// A sequence (a trajectory, a window of sensors, sound) is an image of height 1, whose width is its length, and whose
/// channels are the numbers at each place:
///   UNet<float> network({.height = 1, .width = 64, .channels = 2}, {.widths = {32, 64}, .condition = 3});
/// It is folded, halved and filled up along its length alone, by convolutions of 1 x 3, or of 1 x 5 with .kernel = 5.
///
/// It follows Ho et al. 2020, arXiv:2006.11239, with the blocks of Dhariwal and Nichol 2021, arXiv:2105.05233; but it
/// has one connection across at each size, attention at the coarsest alone, convolutions of stride 2 from a size to the
/// next, and transposed ones back.
template <Real S>
class UNet : public TimeEmbedded<decltype(detail::time_embedding<S>(0)), LayerList<AnyImageLayer<S>>> {
 public:
  /// Throws InvalidArgument unless there is a width, all sizes are positive (heads and condition may be 0), the groups
  /// divide every width, the heads divide the last one, every group has more than one number, the fold is not larger
  /// than the image, and the kernel is 3, or for a sequence odd and from 3 on.
  UNet(const ImageShape& image, const UNetOptions& options)
      : UNet(detail::UNetParts<S>{image, detail::checked(image, options)}) {}

  const ImageShape& image_shape() const { return image_; }

  std::string settings() const {
    return settings_text("UNet", {{"height", image_.height},
                                  {"width", image_.width},
                                  {"channels", image_.channels},
                                  {"widths", list_text(options_.widths)},
                                  {"fold", options_.fold},
                                  {"kernel", options_.kernel},
                                  {"blocks", options_.blocks},
                                  {"groups", options_.groups},
                                  {"heads", options_.heads},
                                  {"embedding", options_.embedding},
                                  {"condition", options_.condition}});
  }
  static UNet from_settings(const ReadSettings& settings) {
    settings.of("UNet");
    // Smaller than of vectors, for convolutions have more numbers.
    const auto size = [&](const char* key) { return settings.get<Index>(key, Index{1} << 16); };
    const ImageShape image{size("height"), size("width"), size("channels")};
    const UNetOptions options{.widths = settings.get<std::vector<Index>>("widths", Index{1} << 16),
                              .fold = size("fold"),
                              .kernel = size("kernel"),
                              .blocks = settings.get<Index>("blocks", detail::largest_stored_count),
                              .groups = size("groups"),
                              .heads = size("heads"),
                              .embedding = size("embedding"),
                              .condition = size("condition")};
    detail::check_stored(image, options);
    return UNet(image, options);
  }

 private:
  explicit UNet(const detail::UNetParts<S>& parts)
      : UNet::TimeEmbedded(detail::time_embedding<S>(parts.options.embedding), detail::u_shape<S>(parts, parts.image),
                           detail::images_in_chunk, parts.options.condition),
        image_(parts.image),
        options_(parts.options) {}

  ImageShape image_;
  UNetOptions options_;
};

}  // namespace scorefield
