// How a network comes to see the time: as a channel, or as a context of its layers.
#include "scorefield/layer.hpp"
#include "scorefield/network.hpp"

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

constexpr sf::ImageShape image{.height = 4, .width = 4, .channels = 2}, with_time{4, 4, 3}, inner{4, 4, 3};

auto body() {
  return sf::Sequential(
      sf::Convolution<double, sf::LogSigmoid>(with_time, inner.channels),
      sf::SkipConnection(
          inner,
          sf::Sequential(sf::MaxPool<double>(inner), sf::TransposedConvolution<double, sf::LogSigmoid>({2, 2, 3}, 3)),
          sf::Convolution<double>({4, 4, 6}, image.channels)));
}

}  // namespace

TEST_CASE("a network that sees the time as a channel keeps the promises of a network", "[network]") {
  test::check_network(sf::TimeChannel(image, body(), 4));
}

TEST_CASE("the time is the last channel", "[network]") {
  const sf::ImageShape shape{.height = 1, .width = 2, .channels = 2};
  const sf::TimeChannel network(shape, sf::Convolution<double>({1, 2, 3}, 2, {.kernel = 1, .padding = 0}), 2);
  // x0 + 10 t and x1 + 100 t at each pixel.
  const sf::Vector<double> p{{1, 0, 0, 1, 10, 100, 0, 0}};
  const sf::Matrix<double> x{{1, 5}, {2, 6}, {3, 7}, {4, 8}};
  CHECK(test::outputs(network, p, x, sf::Vector<double>{{2, 3}}) ==
        sf::Matrix<double>{{21, 35}, {202, 306}, {23, 37}, {204, 308}});
}

TEST_CASE("a network that sees the time as a channel refuses a body that does not take it", "[network]") {
  CHECK_THROWS_WITH(sf::TimeChannel(with_time, body(), 4),
                    test::contains("TimeChannel: expected a body from 64 to 48, got one from 48 to 32"));
  CHECK_THROWS_WITH(
      sf::TimeChannel({4, 4, 1},
                      sf::SkipConnection({4, 4, 2}, sf::AveragePool<double>({4, 4, 2}, {.kernel = 1, .stride = 1}),
                                         sf::ResidualBlock<double>({4, 4, 4}, 1, 1, 5)),
                      4),
      test::contains("TimeChannel: expected layers without a context, got one of 5 numbers; "
                     "TimeEmbedded gives its layers one"));
}

TEST_CASE("a network whose layers see an embedding of the time keeps the promises of a network", "[network]") {
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 2};
  const sf::Sequential embedding(sf::SinusoidalEmbedding<float>(6), sf::Dense<float, sf::SiLU>(6, 3));
  const sf::ResidualBlock<float> block(shape, 2, 1, 3);
  test::check_network(sf::TimeEmbedded(embedding, block, 5));
  CHECK_THROWS_WITH(sf::TimeEmbedded(sf::SinusoidalEmbedding<float>(6), block, 5),
                    test::contains("TimeEmbedded: expected an embedding from 1 to 3 numbers, and a body from 12 to as "
                                   "many, got from 1 to 6, and from 12 to 12"));
  CHECK_THROWS_WITH(sf::TimeEmbedded(sf::ResidualBlock<float>({1, 1, 1}, 3, 1, 2), block, 5),
                    test::contains("of more than one number"));
}

TEST_CASE("a network on images refuses a chunk of no samples", "[network]") {
  const sf::ResidualBlock<float> block(image, 2, 1, 1);
  for (const sf::Index none : {0, -4}) {
    CHECK_THROWS_WITH(sf::TimeChannel(image, body(), none),
                      test::contains(sf::text("TimeChannel: expected a chunk_size of at least 1, got ", none)));
    CHECK_THROWS_WITH(sf::TimeEmbedded(sf::Dense<float>(1, 1), block, none),
                      test::contains(sf::text("TimeEmbedded: expected a chunk_size of at least 1, got ", none)));
  }
}
