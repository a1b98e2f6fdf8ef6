// Convolutions against their definitions, pixel by pixel.
#include "scorefield/layer/convolution.hpp"

#include <cmath>
#include <utility>

#include "scorefield/layer/transposed_convolution.hpp"

#include "layer/layer_checks.hpp"
#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::Index;

namespace {

/// Calls f(wide pixel, narrow pixel, kernel position) for each narrow pixel and each pixel of its window in the image.
template <class F>
void for_each_pair(const sf::ImageShape& wide, const sf::ImageShape& narrow, const sf::RowsAndColumns& kernel,
                   Index stride, const sf::RowsAndColumns& padding, const F& f) {
  for (Index y = 0; y < narrow.height; ++y)
    for (Index x = 0; x < narrow.width; ++x)
      for (Index ky = 0; ky < kernel.rows; ++ky)
        for (Index kx = 0; kx < kernel.columns; ++kx) {
          const Index row = y * stride + ky - padding.rows, column = x * stride + kx - padding.columns;
          if (row >= 0 && row < wide.height && column >= 0 && column < wide.width)
            f(row * wide.width + column, y * narrow.width + x, ky * kernel.columns + kx);
        }
}

template <class Scalar>
void check_close(const sf::Matrix<Scalar>& got, const sf::Matrix<double>& expected, Index terms) {
  // Each number is a sum of that many products of numbers of about 1, rounded as often.
  const double bound = 5 * std::pow(static_cast<double>(terms), 1.5) * test::Tolerance<Scalar>::epsilon;
  CHECK((got.template cast<double>() - expected).cwiseAbs().maxCoeff() < bound);
}

template <class Scalar>
void check_convolution(const sf::ImageShape& input, Index channels, const sf::ConvolutionOptions& o, Index columns) {
  CAPTURE(input.height, input.width, input.channels, channels, sf::detail::by(o.kernel), o.stride,
          sf::detail::by(o.padding));
  const sf::Convolution<Scalar> layer(input, channels, o);
  const auto output = layer.output_shape();
  CHECK(output.height == (input.height + 2 * o.padding.rows - o.kernel.rows) / o.stride + 1);
  CHECK(output.width == (input.width + 2 * o.padding.columns - o.kernel.columns) / o.stride + 1);
  const auto p = test::normals<Scalar>(layer.parameter_count(), 1, "p");
  const auto x = test::normals<Scalar>(layer.inputs(), columns, "x");
  const Index window = o.kernel.pixels() * input.channels;
  sf::Matrix<double> y(layer.outputs(), columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < y.rows(); ++i) y(i, j) = static_cast<double>(p(channels * window + i % channels));
    for_each_pair(input, output, o.kernel, o.stride, o.padding, [&](Index from, Index to, Index k) {
      for (Index c = 0; c < channels; ++c)
        for (Index d = 0; d < input.channels; ++d)
          y(to * channels + c, j) += static_cast<double>(p((k * input.channels + d) * channels + c)) *
                                     static_cast<double>(x(from * input.channels + d, j));
    });
  }
  check_close(test::outputs(layer, sf::Vector<Scalar>(p), x), y, window + 1);
}

template <class Scalar>
void check_transposed(const sf::ImageShape& input, Index channels, const sf::TransposedConvolutionOptions& o,
                      Index columns) {
  CAPTURE(input.height, input.width, input.channels, channels, sf::detail::by(o.kernel), o.stride,
          sf::detail::by(o.padding), sf::detail::by(o.output_padding));
  const sf::TransposedConvolution<Scalar> layer(input, channels, o);
  const auto output = layer.output_shape();
  CHECK(output.height == (input.height - 1) * o.stride - 2 * o.padding.rows + o.kernel.rows + o.output_padding.rows);
  CHECK(output.width ==
        (input.width - 1) * o.stride - 2 * o.padding.columns + o.kernel.columns + o.output_padding.columns);
  const auto p = test::normals<Scalar>(layer.parameter_count(), 1, "p");
  const auto x = test::normals<Scalar>(layer.inputs(), columns, "x");
  const Index weights = o.kernel.pixels() * channels * input.channels;
  sf::Matrix<double> y(layer.outputs(), columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < y.rows(); ++i) y(i, j) = static_cast<double>(p(weights + i % channels));
    for_each_pair(output, input, o.kernel, o.stride, o.padding, [&](Index to, Index from, Index k) {
      for (Index c = 0; c < channels; ++c)
        for (Index d = 0; d < input.channels; ++d)
          y(to * channels + c, j) += static_cast<double>(p((k * channels + c) * input.channels + d)) *
                                     static_cast<double>(x(from * input.channels + d, j));
    });
  }
  check_close(test::outputs(layer, sf::Vector<Scalar>(p), x), y, o.kernel.pixels() * input.channels + 1);
}

}  // namespace

TEMPLATE_TEST_CASE("a convolution is its definition in every shape", "[layer]", float, double) {
  for (const Index columns : {1, 3}) {
    check_convolution<TestType>({28, 28, 2}, 32, {}, columns);
    check_convolution<TestType>({14, 13, 33}, 24, {}, columns);
    check_convolution<TestType>({7, 7, 70}, 40, {}, columns);
    check_convolution<TestType>({7, 7, 130}, 70, {}, columns);
    check_convolution<TestType>({14, 13, 144}, 48, {}, columns);
    check_convolution<TestType>({10, 9, 16}, 96, {.padding = 0}, columns);
    check_convolution<TestType>({5, 7, 48}, 16, {.padding = 2}, columns);
    check_convolution<TestType>({8, 6, 3}, 9, {.kernel = 3, .stride = 2, .padding = 1}, columns);
    check_convolution<TestType>({9, 7, 3}, 4, {.kernel = 4, .stride = 3, .padding = 2}, columns);
    check_convolution<TestType>({5, 4, 7}, 17, {.kernel = 1, .stride = 2, .padding = 0}, columns);
    check_convolution<TestType>({2, 150, 2}, 3, {.kernel = 5, .stride = 1, .padding = 2}, columns);
    check_convolution<TestType>({1, 64, 33}, 24, {.kernel = {1, 3}, .padding = {0, 1}}, columns);
    check_convolution<TestType>({1, 31, 7}, 130, {.kernel = {1, 5}, .stride = 2, .padding = {0, 2}}, columns);
    check_convolution<TestType>({6, 5, 3}, 9, {.kernel = {2, 3}, .stride = 2, .padding = {1, 0}}, columns);
    check_convolution<TestType>({4, 3, 16}, 4, {.kernel = {4, 1}, .stride = 1, .padding = {3, 0}}, columns);
    // By Winograd's filtering.
    check_convolution<TestType>({9, 10, 16}, 24, {.padding = {0, 2}}, columns);
    check_convolution<TestType>({9, 10, 16}, 24, {.padding = {1, 0}}, columns);
  }
}

TEMPLATE_TEST_CASE("a transposed convolution is its definition in every shape", "[layer]", float, double) {
  for (const Index columns : {1, 3}) {
    check_transposed<TestType>({2, 2, 64}, 64, {}, columns);
    check_transposed<TestType>({4, 4, 70}, 33, {.output_padding = 0}, columns);
    check_transposed<TestType>({14, 13, 5}, 7, {}, columns);
    check_transposed<TestType>({3, 8, 17}, 9, {.output_padding = {0, 1}}, columns);
    check_transposed<TestType>({1, 4, 3}, 8, {.output_padding = {1, 0}}, columns);
    check_transposed<TestType>({4, 5, 3}, 5, {.kernel = 4, .stride = 2, .padding = 1, .output_padding = 0}, columns);
    check_transposed<TestType>({4, 5, 3}, 5, {.kernel = 1, .stride = 2, .padding = 0, .output_padding = 1}, columns);
    check_transposed<TestType>({4, 5, 3}, 2, {.kernel = 5, .stride = 3, .padding = 2, .output_padding = 2}, columns);
    check_transposed<TestType>({1, 16, 33}, 24, {.kernel = {1, 3}, .padding = {0, 1}, .output_padding = {0, 1}},
                               columns);
    check_transposed<TestType>({1, 9, 7}, 17, {.kernel = {1, 5}, .padding = {0, 2}, .output_padding = {0, 0}}, columns);
    check_transposed<TestType>({3, 4, 5}, 8, {.kernel = {4, 2}, .padding = {0, 1}, .output_padding = {1, 0}}, columns);
  }
}

TEST_CASE("convolutions refuse what cannot be", "[layer]") {
  CHECK_THROWS_WITH(sf::Convolution<float>({0, 5, 1}, 3),
                    test::contains("Convolution: expected an image of positive height, width and channels, got 0 x 5"));
  CHECK_THROWS_WITH(sf::Convolution<float>({5, 5, 1}, 3, {.kernel = 3, .padding = 3}), test::contains("padding 3"));
  CHECK_THROWS_WITH(sf::Convolution<float>({2, 5, 1}, 3, {.kernel = 5, .padding = 1}),
                    test::contains("a kernel that fits"));
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(-1, 1), {1, -1}, {2, 0}, {0, 3}})
    CHECK_THROWS_WITH(sf::Convolution<float>({5, 5, 1}, 3, {.kernel = {2, 3}, .padding = wrong}),
                      test::contains(sf::text("kernel 2 x 3, stride 1, padding ", sf::detail::by(wrong))));
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(5, 1), {1, 6}})
    CHECK_THROWS_WITH(sf::Convolution<float>({4, 5, 1}, 3, {.kernel = wrong, .padding = 0}),
                      test::contains("a kernel that fits into the padded image, got kernel "));
  CHECK_THROWS_WITH(sf::TransposedConvolution<float>({5, 5, 1}, 3, {.output_padding = 2}),
                    test::contains("output_padding 2 x 2; kernel 3, stride 2"));
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(-1, 0), {0, -1}, {2, 0}, {0, 2}})
    CHECK_THROWS_AS(sf::TransposedConvolution<float>({5, 5, 1}, 3, {.output_padding = wrong}), sf::InvalidArgument);
  for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {1, 4}, {4, 1}})
    CHECK_THROWS_WITH(
        sf::TransposedConvolution<float>({height, width, 1}, 3, {.kernel = 2, .stride = 2, .output_padding = 0}),
        test::contains("an output of at least one pixel"));
}
