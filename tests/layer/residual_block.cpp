#include "scorefield/layer/residual_block.hpp"

#include <utility>

#include "scorefield/layer/group_norm.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

static_assert(sf::PairLayer<sf::ResidualBlock<float>>);

namespace {

/// As the formula has it, from layers: x (inputs x n) and the context c.
sf::Matrix<double> residual(const sf::ImageShape& shape, sf::Index channels, sf::Index groups,
                            const sf::ConvolutionOptions& convolution, const sf::Vector<double>& p,
                            const sf::Matrix<double>& x, const sf::Matrix<double>& c) {
  sf::Index used = 0;
  const auto apply = [&](const auto& layer, const sf::Matrix<double>& to) {
    const sf::Vector<double> own =
        p.segment(std::exchange(used, used + layer.parameter_count()), layer.parameter_count());
    return test::outputs(layer, own, to);
  };
  const sf::ImageShape hidden_shape{shape.height, shape.width, channels};
  const auto normalised = apply(sf::GroupNorm<double, sf::SiLU>(shape, groups), x);
  const auto hidden = apply(sf::Convolution<double>(shape, channels, convolution), normalised);
  const auto affine = apply(sf::Dense<double>(c.rows(), 2 * channels), c);
  sf::Matrix<double> modulated(hidden.rows(), hidden.cols());
  for (sf::Index j = 0; j < x.cols(); ++j) {
    sf::Vector<double> gain_and_offset = affine.col(j);
    gain_and_offset.head(channels).array() += 1;
    modulated.col(j) =
        test::outputs(sf::GroupNorm<double, sf::SiLU>(hidden_shape, groups), gain_and_offset, hidden.col(j));
  }
  const auto change = apply(sf::Convolution<double>(hidden_shape, channels, convolution), modulated);
  if (channels == shape.channels) return x + change;
  return apply(sf::Convolution<double>(shape, channels, {.kernel = 1, .padding = 0}), x) + change;
}

}  // namespace

TEMPLATE_TEST_CASE("a residual block keeps the promises of a layer", "[layer]", float, double) {
  using Block = sf::ResidualBlock<TestType>;
  test::check_layer(Block({.height = 3, .width = 2, .channels = 4}, 4, 2, 3));
  test::check_layer(Block({.height = 2, .width = 3, .channels = 4}, 6, 2, 1));
  test::check_layer(Block({.height = 3, .width = 2, .channels = 4}, 12, 4, 3));
  test::check_layer(Block({.height = 1, .width = 7, .channels = 4}, 6, 2, 3, {1, 5}));
}

TEST_CASE("a residual block is the formula of its layers", "[layer]") {
  const sf::ImageShape shape{.height = 3, .width = 2, .channels = 4};
  for (const sf::Index channels : {4, 6}) {
    const auto check = [&](const sf::RowsAndColumns& kernel, const sf::ConvolutionOptions& convolution) {
      const sf::ResidualBlock<double> block(shape, channels, 2, 3, kernel);
      const sf::Vector<double> p = test::normals<double>(block.parameter_count(), 1, "parameters");
      const auto x = test::input<double>(block.inputs(), 5), c = test::normals<double>(3, 5, "context");
      CHECK(test::outputs(block, p, x, c) == residual(shape, channels, 2, convolution, p, x, c));
    };
    check(3, {});
    check({1, 5}, {.kernel = {1, 5}, .padding = {0, 2}});
  }
}

TEST_CASE("a residual block starts as its shortcut", "[layer]") {
  const sf::ImageShape shape{.height = 3, .width = 2, .channels = 4};
  const auto c = test::normals<double>(3, 2, "context");

  const sf::ResidualBlock<double> same(shape, 4, 2, 3);
  const auto x = test::input<double>(same.inputs(), 2);
  CHECK(test::outputs(same, test::starting_values(same), x, c) == x);

  const sf::ResidualBlock<double> wider(shape, 6, 2, 3);
  const sf::Convolution<double> pixels(shape, 6, {.kernel = 1, .padding = 0});
  const sf::Vector<double> of_pixels = test::starting_values(wider).tail(pixels.parameter_count());
  CHECK(test::outputs(wider, test::starting_values(wider), x, c) == test::outputs(pixels, of_pixels, x));
}

TEST_CASE("a residual block refuses kernels that do not keep the size", "[layer]") {
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(2, 3), {3, 4}, {0, 3}, {1, -1}})
    CHECK_THROWS_WITH(sf::ResidualBlock<float>({3, 2, 4}, 4, 2, 3, wrong),
                      test::contains(sf::text("ResidualBlock: expected a kernel of odd rows and columns, got ",
                                              sf::detail::by(wrong), "; 3 is for images")));
}

TEST_CASE("a residual block refuses groups that do not divide the channels", "[layer]") {
  const sf::ImageShape shape{.height = 3, .width = 2, .channels = 4};
  CHECK_THROWS_WITH(sf::ResidualBlock<float>(shape, 6, 4, 3),
                    test::contains("ResidualBlock: expected a number of groups that divides the channels, got 4 "
                                   "groups for 6 channels"));
  CHECK_THROWS_WITH(sf::ResidualBlock<float>(shape, 6, 3, 3), test::contains("got 3 groups for 4 channels"));
}
