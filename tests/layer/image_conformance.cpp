// What scorefield/layer/concept.hpp promises, for every layer on images. Channels fill no packet, one, or some and a
// part.
#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEMPLATE_TEST_CASE("pooling keeps the promises of a layer", "[layer]", float, double) {
  const auto check = [](const sf::ImageShape& shape, const sf::PoolOptions& options) {
    test::check_layer(sf::MaxPool<TestType>(shape, options));
    test::check_layer(sf::AveragePool<TestType>(shape, options));
  };
  check({.height = 4, .width = 6, .channels = 3}, {});
  check({.height = 5, .width = 4, .channels = 8}, {.kernel = 3, .stride = 2, .padding = 1});
  check({.height = 3, .width = 4, .channels = 1}, {.kernel = 2, .stride = 3});
  check({.height = 2, .width = 3, .channels = 2}, {.kernel = 3, .stride = 1, .padding = 2});
}

TEMPLATE_TEST_CASE("nearest up-sampling keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::UpsampleNearest<TestType>({.height = 2, .width = 3, .channels = 9}, 2));
  test::check_layer(sf::UpsampleNearest<TestType>({.height = 3, .width = 1, .channels = 1}, 3));
}

TEMPLATE_TEST_CASE("rearranging pixels keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::SpaceToDepth<TestType>({.height = 4, .width = 6, .channels = 3}, 2));
  test::check_layer(sf::DepthToSpace<TestType>({.height = 2, .width = 1, .channels = 18}, 3));
  test::check_layer(sf::SpaceToDepth<TestType>({.height = 1, .width = 6, .channels = 3}, {1, 2}));
  test::check_layer(sf::DepthToSpace<TestType>({.height = 2, .width = 3, .channels = 6}, {3, 1}));
}

TEMPLATE_TEST_CASE("padding and cropping keep the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::ZeroPad<TestType>({.height = 2, .width = 3, .channels = 3}, 4, 5));
  test::check_layer(sf::ZeroPad<TestType>({.height = 2, .width = 3, .channels = 1}, 2, 3));
  test::check_layer(sf::Crop<TestType>({.height = 5, .width = 3, .channels = 2}, 4, 1));
}

TEMPLATE_TEST_CASE("group normalisation keeps the promises of a layer", "[layer]", float, double) {
  const auto check = [](const sf::ImageShape& shape, sf::Index groups) {
    test::check_layer(sf::GroupNorm<TestType>(shape, groups), test::Starts::fixed);
    test::check_layer(sf::GroupNorm<TestType, sf::SiLU>(shape, groups), test::Starts::fixed);
  };
  check({.height = 3, .width = 2, .channels = 6}, 2);
  check({.height = 2, .width = 2, .channels = 8}, 8);
  check({.height = 2, .width = 1, .channels = 19}, 1);
}

TEMPLATE_TEST_CASE("self-attention keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::SelfAttention<TestType>({.height = 2, .width = 3, .channels = 4}, 2));
  test::check_layer(sf::SelfAttention<TestType>({.height = 3, .width = 3, .channels = 3}, 1));
  test::check_layer(sf::SelfAttention<TestType>({.height = 1, .width = 1, .channels = 2}, 2));
}

TEMPLATE_TEST_CASE("an attention block keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::AttentionBlock<TestType>({.height = 2, .width = 3, .channels = 4}, 2, 2));
  test::check_layer(sf::AttentionBlock<TestType>({.height = 3, .width = 2, .channels = 9}, 3, 1));
}

TEMPLATE_TEST_CASE("a convolution keeps the promises of a layer", "[layer]", float, double) {
  using Linear = sf::Convolution<TestType>;
  test::check_layer(sf::Convolution<TestType, sf::SiLU>({.height = 4, .width = 3, .channels = 3}, 5));
  test::check_layer(Linear({.height = 5, .width = 5, .channels = 2}, 17, {.kernel = 3, .stride = 2, .padding = 1}));
  test::check_layer(Linear({.height = 3, .width = 2, .channels = 9}, 8, {.kernel = 1, .stride = 1, .padding = 0}));
  test::check_layer(Linear({.height = 4, .width = 7, .channels = 1}, 2, {.kernel = 4, .stride = 3, .padding = 2}));
  test::check_layer(Linear({.height = 3, .width = 5, .channels = 3}, 9, {.kernel = {3, 2}, .padding = {0, 1}}));
}

TEMPLATE_TEST_CASE("a convolution of sequences keeps the promises of a layer", "[layer]", float, double) {
  using Linear = sf::Convolution<TestType>;
  test::check_layer(sf::Convolution<TestType, sf::SiLU>({.height = 1, .width = 17, .channels = 3}, 8,
                                                        {.kernel = {1, 3}, .padding = {0, 1}}));
  test::check_layer(
      Linear({.height = 1, .width = 9, .channels = 9}, 5, {.kernel = {1, 5}, .stride = 2, .padding = {0, 2}}));
  test::check_layer(Linear({.height = 1, .width = 1, .channels = 2}, 3, {.kernel = {1, 5}, .padding = {0, 2}}));
  // So long that its gradient is summed up in two parts.
  static_assert(sf::detail::block_depth < 150);
  test::check_layer(Linear({.height = 1, .width = 150, .channels = 1}, 3, {.kernel = {1, 3}, .padding = {0, 1}}));
  // Of several rows, of which the stride leaves some out.
  test::check_layer(
      Linear({.height = 4, .width = 5, .channels = 2}, 9, {.kernel = {1, 3}, .stride = 2, .padding = {0, 1}}));
}

TEMPLATE_TEST_CASE("a convolution by Winograd's filtering keeps the promises of a layer", "[layer]", float, double) {
  const auto layer = [](const sf::ImageShape& input, sf::Index channels, const sf::RowsAndColumns& padding = 1) {
    const sf::Convolution<TestType, sf::SiLU> convolution(input, channels, {.padding = padding});
    REQUIRE(sf::detail::Winograd::pays<TestType>(input, convolution.output_shape(), 3, 1));
    return convolution;
  };
  test::check_layer(layer({.height = 7, .width = 7, .channels = 16}, 16));
  test::check_layer(layer({.height = 9, .width = 7, .channels = 16}, 16, {0, 2}));
  // Tiles are in several groups.
  const auto wide = layer({.height = 13, .width = 14, .channels = 96}, 48, 0);
  test::check_columns_on_their_own(wide, 16);
  test::check_allocations(wide, 16);
}

TEMPLATE_TEST_CASE("a transposed convolution keeps the promises of a layer", "[layer]", float, double) {
  using Linear = sf::TransposedConvolution<TestType>;
  test::check_layer(sf::TransposedConvolution<TestType, sf::SiLU>({.height = 2, .width = 3, .channels = 3}, 5));
  test::check_layer(
      Linear({.height = 3, .width = 2, .channels = 17}, 2, {.kernel = 4, .stride = 2, .output_padding = 0}));
  test::check_layer(Linear({.height = 2, .width = 2, .channels = 8}, 9,
                           {.kernel = 2, .stride = 3, .padding = 0, .output_padding = 2}));
  test::check_layer(Linear({.height = 3, .width = 3, .channels = 2}, 3, {.stride = 1, .output_padding = 0}));
  test::check_layer(Linear({.height = 3, .width = 1, .channels = 9}, 8, {.output_padding = {0, 1}}));
  test::check_layer(Linear({.height = 2, .width = 4, .channels = 1}, 3, {.stride = 3, .output_padding = {2, 0}}));
}

TEMPLATE_TEST_CASE("a transposed convolution of sequences keeps the promises of a layer", "[layer]", float, double) {
  using Linear = sf::TransposedConvolution<TestType>;
  test::check_layer(Linear({.height = 1, .width = 9, .channels = 3}, 8,
                           {.kernel = {1, 3}, .padding = {0, 1}, .output_padding = {0, 1}}));
  test::check_layer(Linear({.height = 1, .width = 5, .channels = 9}, 2,
                           {.kernel = {1, 5}, .padding = {0, 2}, .output_padding = {0, 0}}));
  // To several rows, of which some are the bias alone.
  test::check_layer(Linear({.height = 2, .width = 3, .channels = 3}, 9,
                           {.kernel = {1, 3}, .padding = {0, 1}, .output_padding = {1, 1}}));
}
