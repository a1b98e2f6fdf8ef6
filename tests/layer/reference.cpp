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

template <sf::Layer L>
void check_against(const reference::LayerValues& values, const L& layer) {
  const auto columns_of = [](const std::vector<double>& v, sf::Index rows) {
    REQUIRE(static_cast<sf::Index>(v.size()) % rows == 0);
    return sf::Matrix<double>(sf::ConstMatrixView<double>(v.data(), rows, static_cast<sf::Index>(v.size()) / rows));
  };
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

TEST_CASE("transposed convolutions agree with PyTorch", "[layer]") {
  const auto layer = [](sf::Index size, const sf::TransposedConvolutionOptions& options) {
    return sf::TransposedConvolution<double>({.height = size, .width = size, .channels = 2}, 3, options);
  };
  check_against(reference::transposed_convolution_3x3_stride_2, layer(4, {.output_padding = 0}));
  check_against(reference::transposed_convolution_3x3_stride_2_output_padding_1, layer(2, {.output_padding = 1}));
  check_against(reference::transposed_convolution_3x3, layer(4, {.stride = 1, .output_padding = 0}));
  check_against(reference::transposed_convolution_4x4_stride_2, layer(3, {.kernel = 4, .output_padding = 0}));
}
