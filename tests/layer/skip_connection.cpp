#include "scorefield/layer/skip_connection.hpp"

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

using Plain = sf::Convolution<float>;
using Block = sf::ResidualBlock<float>;
static_assert(sf::Layer<sf::SkipConnection<Plain, Plain>>);
static_assert(sf::ImageLayer<sf::SkipConnection<Plain, Block>>);
static_assert(!sf::PairLayer<sf::SkipConnection<Plain, Plain>>);

}  // namespace

TEST_CASE("a skip connection puts the input's channels after those of its layer", "[network]") {
  const sf::ImageShape shape{.height = 1, .width = 2, .channels = 2};
  const sf::SkipConnection skip(shape, sf::ActivationLayer<double, sf::ReLU>(4),
                                sf::Convolution<double>({1, 2, 4}, 4, {.kernel = 1, .padding = 0}));
  sf::Vector<double> identity = sf::Vector<double>::Zero(skip.parameter_count());
  sf::MatrixView<double>(identity.data(), 4, 4).setIdentity();
  const sf::Matrix<double> x{{-1}, {2}, {3}, {-4}};
  CHECK(test::outputs(skip, identity, x) == sf::Matrix<double>{{0}, {2}, {-1}, {2}, {3}, {0}, {3}, {-4}});
  CHECK(skip.output_shape() == sf::ImageShape{1, 2, 4});
}

TEST_CASE("a skip connection refuses layers that do not fit", "[network]") {
  CHECK_THROWS_WITH(sf::SkipConnection({.height = 2, .width = 2, .channels = 1}, sf::Dense<float>(4, 5),
                                       sf::Convolution<float>({2, 2, 2}, 1)),
                    test::contains("SkipConnection: expected a layer from 4 numbers to channels for 4 pixels"));
  CHECK_THROWS_WITH(sf::SkipConnection({.height = 2, .width = 2, .channels = 1}, sf::Dense<float>(4, 8),
                                       sf::Convolution<float>({2, 2, 2}, 1)),
                    test::contains("SkipConnection: expected a layer after it that takes 2 x 2 x 3, got one that takes "
                                   "2 x 2 x 2"));
  CHECK_THROWS_WITH(sf::SkipConnection({.height = 2, .width = 2, .channels = 1}, sf::Dense<float>(4, 4),
                                       sf::AnyImageLayer<float>(sf::MaxPool<float>({2, 2, 2}))),
                    test::contains("SkipConnection: expected a layer after it that takes a pair of images, got one "
                                   "that does not"));
  CHECK_THROWS_WITH(
      sf::SkipConnection({.height = 2, .width = 2, .channels = 2}, sf::ResidualBlock<float>({2, 2, 2}, 2, 1, 3),
                         sf::ResidualBlock<float>({2, 2, 4}, 2, 1, 5)),
      test::contains("SkipConnection: expected one context, of 3 numbers"));
}

TEMPLATE_TEST_CASE("a skip connection keeps the promises of a layer, whichever of its layers look at a context",
                   "[network]", float, double) {
  const sf::ImageShape shape{.height = 3, .width = 4, .channels = 2}, joined{3, 4, 5};
  const auto plain = [](const sf::ImageShape& from, sf::Index to) {
    return sf::Convolution<TestType, sf::Tanh>(from, to);
  };
  const auto block = [](const sf::ImageShape& from, sf::Index to) {
    return sf::ResidualBlock<TestType>(from, to, 1, 3);
  };
  test::check_layer(sf::SkipConnection(shape, plain(shape, 3), plain(joined, 2)));
  test::check_layer(sf::SkipConnection(shape, block(shape, 3), plain(joined, 2)));
  test::check_layer(sf::SkipConnection(shape, plain(shape, 3), block(joined, 5)));
  test::check_layer(sf::SkipConnection(shape, block(shape, 3), block(joined, 2)));
}
