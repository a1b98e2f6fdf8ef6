#include "scorefield/sde/condition.hpp"

#include <limits>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

template <class Scalar = float>
sf::Matrix<Scalar> told(const sf::Condition& condition, sf::Index k, sf::Index n) {
  return sf::detail::told_conditions<Scalar>("test", condition, k, n);
}

}  // namespace

TEST_CASE("a condition is told with a 1 below, and zeros where it is not given", "[sde]") {
  sf::Matrix<float> conditions{{1, 2, 3}, {4, 5, 6}};
  conditions.col(1) = sf::not_given<float>(2);
  CHECK(told(conditions, 2, 3) == sf::Matrix<float>{{1, 0, 3}, {4, 0, 6}, {1, 0, 1}});
  CHECK(told(conditions.col(2), 2, 2) == sf::Matrix<float>{{3, 3}, {6, 6}, {1, 1}});
  CHECK(told(sf::not_given<float>(2), 2, 2).isZero(0));
  CHECK(told({}, 0, 4).rows() == 0);
  CHECK(told({}, 0, 4).cols() == 4);
  // Floats come back from doubles as they were, and integers are numbers as well.
  CHECK(told(sf::Matrix<float>{{0.1f}}, 1, 1)(0, 0) == 0.1f);
  CHECK(told<double>(sf::Matrix<double>{{0.1}}, 1, 1)(0, 0) == 0.1);
  CHECK(told(Eigen::MatrixXi::Constant(1, 1, 7), 1, 1)(0, 0) == 7);
}

TEST_CASE("what is not given is NaN", "[sde]") {
  const auto none = sf::not_given<double>(2, 3);
  CHECK(none.rows() == 2);
  CHECK(none.cols() == 3);
  CHECK(none.array().isNaN().all());
  CHECK(sf::not_given<float>(2).cols() == 1);
}

TEST_CASE("what does not say a size of its condition is told none", "[sde]") {
  struct Told {
    sf::Index condition_size() const { return 3; }
  };
  CHECK(sf::detail::condition_size(Told{}) == 3);
  CHECK(sf::detail::condition_size(0) == 0);
}

TEST_CASE("a condition of another shape, or half given, is refused", "[sde]") {
  const sf::Matrix<float> two = sf::Matrix<float>::Ones(2, 3);
  CHECK_THROWS_WITH(told({}, 2, 3),
                    contains("test: expected a condition of 2 numbers, as the model is told, got none"));
  CHECK_THROWS_WITH(told(two, 0, 3), contains("expected no condition, for the model is told none, got 2 x 3"));
  CHECK_THROWS_WITH(told(two, 3, 3), contains("a condition of 3 rows, as the model is told, got 2 x 3"));
  CHECK_THROWS_WITH(told(two, 2, 4), contains("one condition for all samples, or one for each of 4, got 3"));
  sf::Matrix<float> half = two;
  half(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(told(half, 2, 3), contains("a NaN or an infinity in column 2;"));
  half(0, 2) = half(1, 2);
  CHECK_NOTHROW(told(half, 2, 3));
  half(0, 0) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(told(half, 2, 3), sf::NonFinite);
}
