#include "scorefield/core/sinkhorn.hpp"

#include <cmath>
#include <limits>

#include "scorefield/core/assignment.hpp"
#include "scorefield/core/random.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::Tolerance;

namespace {

template <class Scalar>
sf::Matrix<Scalar> transport_costs(sf::Index n, sf::Index m) {
  sf::Matrix<Scalar> x(2, n), y(2, m), cost(n, m);
  sf::Random(sf::Seed{1}, "x").normal(sf::view(x), 0, 0);
  sf::Random(sf::Seed{1}, "y").normal(sf::view(y), 0, 0);
  for (sf::Index j = 0; j < m; ++j) cost.col(j) = (x.colwise() - y.col(j)).colwise().squaredNorm().transpose();
  return cost;
}

}  // namespace

TEMPLATE_TEST_CASE("the entropic plan of two points each is that of the closed form", "[core]", float, double) {
  const sf::Matrix<TestType> cost{{0.5, 1.25}, {2, 1}};
  for (const double regularisation : {0.2, 1.0, 20.0}) {
    sf::Sinkhorn<TestType> sinkhorn(2, 2, {.regularisation = regularisation, .tolerance = 0});
    const sf::Matrix<TestType> plan = sinkhorn.solve(cost);
    // The scalings leave P00 P11 / (P01 P10) as it is in exp(-cost / regularisation); its root is r = P00 / P01.
    const double r = std::exp(-(0.5 + 1 - 1.25 - 2) / (2 * regularisation)), share = 0.5 * r / (1 + r);
    const sf::Matrix<double> expected{{share, 0.5 - share}, {0.5 - share, share}};
    CAPTURE(regularisation);
    // Logarithms of up to 10 are rounded some ten times.
    CHECK((plan.template cast<double>() - expected).cwiseAbs().maxCoeff() < 50 * Tolerance<TestType>::epsilon);
  }
}

TEST_CASE("an entropic plan has the sums that it must have", "[core]") {
  const auto cost = transport_costs<double>(31, 20);
  sf::Sinkhorn<double> sinkhorn(31, 20, {.tolerance = 1e-6});
  const sf::Matrix<double> plan = sinkhorn.solve(cost);
  CHECK(sinkhorn.iterations() < 1000);
  CHECK((plan.array() >= 0).all());
  CHECK((plan.colwise().sum().array() * 20 - 1).abs().maxCoeff() < 1e-13);  // 31 exponentials of numbers up to 500
  CHECK((plan.rowwise().sum().array() * 31 - 1).abs().mean() < 1e-6);       // the tolerance
  CHECK((plan.rowwise().sum().array() * 31 - 1).abs().maxCoeff() > 1e-12);  // it stopped
}

TEST_CASE("the cost of an entropic plan comes down to that of the assignment", "[core]") {
  constexpr sf::Index n = 40;
  const auto cost = transport_costs<double>(n, n);
  sf::Assignment<double> assignment(n);
  const auto& column_of_row = assignment.solve(cost);
  double least = 0;
  for (sf::Index i = 0; i < n; ++i) least += cost(i, column_of_row[static_cast<std::size_t>(i)]) / n;
  double before = std::numeric_limits<double>::infinity();
  for (const double regularisation : {1.0, 0.3, 0.1, 0.03, 0.01}) {
    sf::Sinkhorn<double> sinkhorn(n, n, {.regularisation = regularisation, .iterations = 5000, .tolerance = 1e-7});
    const double now = sinkhorn.solve(cost).cwiseProduct(cost).sum();
    CAPTURE(regularisation, least, now);
    CHECK(now < before);
    CHECK(now > least);
    // The entropy of a plan is between log n and 2 log n, and pays for what it costs more.
    CHECK(now - least < regularisation * std::log(static_cast<double>(n)));
    before = now;
  }
}

TEST_CASE("a row is drawn as likely as its part of a column", "[core]") {
  sf::Sinkhorn<double> sinkhorn(2, 2, {.regularisation = 1, .tolerance = 0});
  const sf::Matrix<double> plan = sinkhorn.solve(sf::Matrix<double>{{0, 1}, {1, 0}});
  const double share = 2 * plan(0, 1);  // of row 0 in the second column
  CHECK(share == Catch::Approx(1 / (1 + std::exp(1))));
  CHECK(sinkhorn.row_of(1, 1e-9) == 0);
  CHECK(sinkhorn.row_of(1, share - 1e-9) == 0);
  CHECK(sinkhorn.row_of(1, share + 1e-9) == 1);
  CHECK(sinkhorn.row_of(1, 1) == 1);
}

TEST_CASE("entropic plans repeat, take smaller matrices, and allocate nothing", "[core]") {
  const auto large = transport_costs<float>(33, 20), small = transport_costs<float>(9, 13);
  const sf::SinkhornOptions options{.regularisation = 0.5, .iterations = 20};
  sf::Sinkhorn<float> sinkhorn(33, 20, options), other(9, 13, options);
  const sf::Matrix<float> expected = other.solve(small), once = sinkhorn.solve(large);
  bool same = true;
  CHECK(scorefield::test::count_allocations([&] {
          same &= sinkhorn.solve(small) == expected;
          same &= sinkhorn.solve(large) == once;
        }) == 0);
  CHECK(same);
}

TEST_CASE("entropic plans refuse what they cannot work with", "[core]") {
  CHECK_THROWS_AS(sf::Sinkhorn<double>(0, 3), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::Sinkhorn<double>(3, 3, {.regularisation = 0}), contains("a regularisation above 0"));
  CHECK_THROWS_AS(sf::Sinkhorn<double>(3, 3, {.iterations = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Sinkhorn<double>(3, 3, {.tolerance = -1}), sf::InvalidArgument);
  sf::Sinkhorn<float> sinkhorn(3, 3);
  CHECK_THROWS_WITH(sinkhorn.solve(sf::Matrix<float>::Zero(3, 4)), contains("costs of up to 3 x 3, got 3 x 4"));
  CHECK_THROWS_AS(sinkhorn.solve(sf::Matrix<float>::Constant(3, 3, 1e38f)), sf::NonFinite);
  CHECK_THROWS_AS(sinkhorn.solve(sf::Matrix<float>::Constant(3, 3, std::numeric_limits<float>::quiet_NaN())),
                  sf::NonFinite);
}
