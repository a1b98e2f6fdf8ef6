#include "scorefield/network/residual_mlp.hpp"

#include <string>

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

static_assert(sf::Network<sf::ResidualMlp<float>>);
static_assert(sf::Network<sf::ResidualMlp<double>>);

TEST_CASE("a residual MLP keeps the promises of a network", "[network]") {
  test::check_network(sf::ResidualMlp<double>(3, {.width = 6, .blocks = 2, .embedding = 4}));
  test::check_network(sf::ResidualMlp<double>(2, {.width = 5, .blocks = 1, .embedding = 3, .condition = 2}));
  test::check_network(sf::ResidualMlp<float>(1, {.width = 8, .blocks = 3, .embedding = 8, .condition = 1}));
}

TEST_CASE("a residual MLP starts as 0, with blocks that differ", "[network]") {
  const sf::ResidualMlp<float> network(2, {.width = 8, .blocks = 2, .embedding = 8});
  const auto p = test::starting_values(network);
  CHECK(test::outputs(network, p, test::normals<float>(2, 3, "x"), test::times<float>(3)).isZero(0));
  for (const auto& a : network.layout().pieces())
    for (const auto& b : network.layout().pieces())
      if (a.offset != b.offset && a.size() == b.size() && !p.segment(a.offset, a.size()).isZero(0))
        CHECK(p.segment(a.offset, a.size()) != p.segment(b.offset, b.size()));
}

TEST_CASE("a residual MLP is told the signal-to-noise ratio, also where there is no noise", "[network]") {
  const sf::ResidualMlp<double> network(2, {.width = 8, .blocks = 1, .embedding = 8});
  const auto p = test::parameters(network);
  auto w = network.workspace();
  const sf::Matrix<double> x = test::normals<double>(2, 1, "x"), none(0, 1);
  const auto y = [&](double t, double alpha, double sigma) {
    const sf::Vector<double> time{{t}}, a{{alpha}}, s{{sigma}};
    sf::Matrix<double> out(2, 1);
    network.evaluate(sf::view(p), {sf::view(x), sf::view(time), sf::view(a), sf::view(s), sf::view(none)},
                     sf::view(out), w);
    return out;
  };
  CHECK(y(0.3, 0.6, 0.8) == y(0.7, 0.6, 0.8));
  CHECK((y(0.3, 0.6, 0.8) - y(0.3, 0.3, 0.4)).norm() < 1e-14);  // the quotient alone, but for rounding
  CHECK(y(0.3, 0.6, 0.8) != y(0.3, 0.8, 0.6));
  CHECK(y(0, 1, 0) == y(0, 1, 1e-30));
  CHECK(y(1, 0, 1) == y(1, 1e-30, 1));
}

TEST_CASE("a residual MLP refuses sizes that make none", "[network]") {
  const auto refused = [](sf::Index d, const sf::ResidualMlpOptions& options, const std::string& message) {
    CHECK_THROWS_WITH(sf::ResidualMlp<float>(d, options), test::contains("ResidualMlp: expected " + message));
  };
  refused(0, {}, "samples of numbers from 1 on, got 0");
  refused(2, {.width = 0}, "a width from 1 on, got 0");
  refused(2, {.blocks = 0}, "a number of blocks from 1 on, got 0");
  refused(2, {.embedding = -1}, "an embedding from 1 on, got -1");
  refused(2, {.condition = -1}, "a condition from 0 on, got -1");
}
