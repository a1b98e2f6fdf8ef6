#include "scorefield/layer/dense.hpp"

#include <cmath>

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEMPLATE_TEST_CASE("a dense layer is f(W x + b)", "[layer]", float, double) {
  const sf::Dense<TestType, test::Square> layer(2, 3);
  sf::ParameterLayout layout;
  layer.declare(layout, "");
  REQUIRE(layout.pieces().size() == 2);
  CHECK((layout.pieces()[0].name == "weight" && layout.pieces()[0].rows == 3 && layout.pieces()[0].cols == 2));
  CHECK((layout.pieces()[1].name == "bias" && layout.pieces()[1].rows == 3 && layout.pieces()[1].cols == 1));

  sf::Vector<TestType> p(9);
  p << 1, 2, 3, 4, 5, 6, -1, 0, 1;  // W by columns, then b
  const sf::Matrix<TestType> x{{1, 0}, {2, -1}};
  CHECK(test::outputs(layer, p, x) == sf::Matrix<TestType>{{64, 25}, {144, 25}, {256, 25}});
}

TEMPLATE_TEST_CASE("a dense layer starts uniform in +-1/sqrt(inputs)", "[layer]", float, double) {
  const sf::Dense<TestType> layer(100, 99);
  const auto p = test::starting_values(layer);
  CHECK(p.cwiseAbs().maxCoeff() <= TestType(0.1));
  // Of 9,999 uniform numbers the outermost misses the end by 1 % in 1 of 10^21 seeds; mean and square within five
  // deviations.
  CHECK((p.minCoeff() < -0.099 && p.maxCoeff() > 0.099));
  const auto n = static_cast<double>(p.size());
  const auto values = p.template cast<double>().array();
  CHECK(std::abs(values.mean()) < 5 * 0.1 / std::sqrt(3 * n));
  CHECK(std::abs(values.square().mean() - 0.01 / 3) < 5 * 0.01 * std::sqrt(4.0 / 45 / n));
}

TEST_CASE("a dense layer refuses sizes below 1", "[layer]") {
  CHECK_THROWS_AS(sf::Dense<float>(0, 3), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      sf::Dense<float>(3, -1),
      test::contains("Dense: expected at least 1 input and 1 output, got 3 and -1; every width of a network"));
}
