// Layers against PyTorch.
#include <cstddef>
#include <vector>

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"
#include "reference/layer_values.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
namespace reference = scorefield::test::reference;

namespace {

/// Both compute in double; sums of up to some hundred terms leave eleven digits.
void check_near(const Eigen::Ref<const sf::Vector<double>>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == static_cast<sf::Index>(expected.size()));
  for (sf::Index i = 0; i < got.size(); ++i)
    REQUIRE(test::relative_error(got(i), expected[static_cast<std::size_t>(i)]) < 1e-10);
}

sf::Matrix<double> columns_of(const std::vector<double>& v, sf::Index rows) {
  REQUIRE(static_cast<sf::Index>(v.size()) % rows == 0);
  return sf::ConstMatrixView<double>(v.data(), rows, static_cast<sf::Index>(v.size()) / rows);
}

template <sf::Layer L>
void check_against(const reference::LayerValues& values, const L& layer) {
  REQUIRE(static_cast<sf::Index>(values.p.size()) == layer.parameter_count());
  const sf::Vector<double> p = sf::ConstVectorView<double>(values.p.data(), layer.parameter_count());
  const auto x = columns_of(values.x, layer.inputs());
  const auto y = test::outputs(layer, p, x);
  check_near(y.reshaped(), values.y);
  const auto gradient = test::gradients(layer, p, x, columns_of(values.dy, layer.outputs()));
  check_near(gradient.inputs.reshaped(), values.dx);
  check_near(gradient.parameters, values.g);
}

}  // namespace

TEST_CASE("pooling and up-sampling agree with PyTorch", "[layer]") {
  const sf::PoolOptions options{.kernel = 3, .stride = 2, .padding = 1};
  check_against(reference::max_pool, sf::MaxPool<double>({.height = 7, .width = 7, .channels = 2}, options));
  check_against(reference::average_pool, sf::AveragePool<double>({.height = 5, .width = 6, .channels = 3}, options));
  check_against(reference::upsample_nearest, sf::UpsampleNearest<double>({.height = 2, .width = 3, .channels = 2}, 2));
}

TEST_CASE("group normalisation agrees with PyTorch", "[layer]") {
  check_against(reference::group_norm, sf::GroupNorm<double>({.height = 2, .width = 3, .channels = 6}, 3));
}

TEST_CASE("self-attention agrees with PyTorch", "[layer]") {
  check_against(reference::self_attention, sf::SelfAttention<double>({.height = 2, .width = 3, .channels = 4}, 2));
}

TEST_CASE("convolutions agree with PyTorch", "[layer]") {
  using Convolution = sf::Convolution<double>;
  const sf::ConvolutionOptions halving{.kernel = 3, .stride = 2, .padding = 1};
  const sf::ConvolutionOptions pixels{.kernel = 1, .stride = 1, .padding = 0};
  const sf::ConvolutionOptions blocks{.kernel = 2, .stride = 2, .padding = 0};
  check_against(reference::convolution_3x3, Convolution({.height = 5, .width = 6, .channels = 3}, 4));
  check_against(reference::convolution_3x3_stride_2, Convolution({.height = 7, .width = 7, .channels = 2}, 3, halving));
  check_against(reference::convolution_1x1, Convolution({.height = 3, .width = 4, .channels = 3}, 4, pixels));
  check_against(reference::convolution_2x2_stride_2, Convolution({.height = 6, .width = 6, .channels = 2}, 3, blocks));
}

// The small convolution amid zeros: among more channels, and in a larger image.
TEST_CASE("a convolution by Winograd's filtering agrees with PyTorch", "[layer]") {
  const sf::ImageShape small{5, 6, 3}, large{8, 9, 16};
  constexpr sf::Index small_channels = 4, large_channels = 32, row = 1, column = 2, taps = 9;
  const sf::Convolution<double> layer(large, large_channels);
  REQUIRE(sf::detail::Winograd::pays<double>(large, layer.output_shape(), 3, 1));
  const auto& values = reference::convolution_3x3;

  // f(index among the large numbers, index among the small ones)
  const auto for_each_pixel = [&](sf::Index wide, sf::Index narrow, const auto& f) {
    for (sf::Index y = 0; y < small.height; ++y)
      for (sf::Index x = 0; x < small.width; ++x)
        for (sf::Index c = 0; c < narrow; ++c)
          f(((y + row) * large.width + x + column) * wide + c, (y * small.width + x) * narrow + c);
  };
  const auto for_each_parameter = [&](const auto& f) {
    for (sf::Index i = 0; i < small_channels; ++i) {
      for (sf::Index tap = 0; tap < taps; ++tap)
        for (sf::Index c = 0; c < small.channels; ++c)
          f((tap * large.channels + c) * large_channels + i, (tap * small.channels + c) * small_channels + i);
      f(taps * large.channels * large_channels + i, taps * small.channels * small_channels + i);
    }
  };
  const auto amid_zeros = [&](const std::vector<double>& v, sf::Index wide, sf::Index narrow) {
    const auto from = columns_of(v, small.pixels() * narrow);
    sf::Matrix<double> to = sf::Matrix<double>::Zero(large.pixels() * wide, from.cols());
    for_each_pixel(wide, narrow, [&](sf::Index i, sf::Index j) { to.row(i) = from.row(j); });
    return to;
  };
  const auto among_zeros = [&](const sf::Matrix<double>& m, sf::Index wide, sf::Index narrow) {
    sf::Matrix<double> to(small.pixels() * narrow, m.cols());
    for_each_pixel(wide, narrow, [&](sf::Index i, sf::Index j) { to.row(j) = m.row(i); });
    return to;
  };
  sf::Vector<double> p = sf::Vector<double>::Zero(layer.parameter_count());
  for_each_parameter([&](sf::Index i, sf::Index j) { p(i) = values.p[static_cast<std::size_t>(j)]; });

  const auto x = amid_zeros(values.x, large.channels, small.channels);
  const auto y = test::outputs(layer, p, x);
  check_near(among_zeros(y, large_channels, small_channels).reshaped(), values.y);
  const auto gradient = test::gradients(layer, p, x, amid_zeros(values.dy, large_channels, small_channels));
  check_near(among_zeros(gradient.inputs, large.channels, small.channels).reshaped(), values.dx);
  sf::Vector<double> g(static_cast<sf::Index>(values.g.size()));
  for_each_parameter([&](sf::Index i, sf::Index j) { g(j) = gradient.parameters(i); });
  check_near(g, values.g);
}

TEST_CASE("transposed convolutions agree with PyTorch", "[layer]") {
  const auto layer = [](sf::Index size, const sf::TransposedConvolutionOptions& options) {
    return sf::TransposedConvolution<double>({.height = size, .width = size, .channels = 2}, 3, options);
  };
  check_against(reference::transposed_convolution_3x3_stride_2, layer(4, {.output_padding = 0}));
  check_against(reference::transposed_convolution_3x3_stride_2_output_padding_1, layer(2, {.output_padding = 1}));
  check_against(reference::transposed_convolution_3x3, layer(4, {.stride = 1, .output_padding = 0}));
  check_against(reference::transposed_convolution_4x4_stride_2, layer(3, {.kernel = 4, .output_padding = 0}));
}
