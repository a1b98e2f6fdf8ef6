// Activation functions against the formulas in the comments of their headers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "scorefield/layer.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

using Wide = long double;

/// f, f', and how many ulps the value and the derivative may be off: exponential function, quotients and series round
/// some times each. `smallest` is the magnitude of f' below which ulps are those of `smallest`: where f' is a
/// difference.
template <class F>
struct Reference;

Wide sigmoid(Wide z) { return 1 / (1 + std::exp(-z)); }

template <>
struct Reference<sf::Identity> {
  static constexpr double ulps[] = {0, 0}, smallest = 0;
  static Wide value(Wide z) { return z; }
  static Wide derivative(Wide) { return 1; }
};
template <>
struct Reference<sf::LogSigmoid> {
  static constexpr double ulps[] = {4, 4}, smallest = 0;
  static Wide value(Wide z) { return z < 0 ? z - std::log1p(std::exp(z)) : -std::log1p(std::exp(-z)); }
  static Wide derivative(Wide z) { return sigmoid(-z); }
};
template <>
struct Reference<sf::Softplus> {
  static constexpr double ulps[] = {4, 4}, smallest = 0;
  static Wide value(Wide z) { return -Reference<sf::LogSigmoid>::value(-z); }
  static Wide derivative(Wide z) { return sigmoid(z); }
};
template <>
struct Reference<sf::SiLU> {
  static constexpr double ulps[] = {4, 4}, smallest = 1;
  static Wide value(Wide z) { return z * sigmoid(z); }
  static Wide derivative(Wide z) { return sigmoid(z) * (1 + z * sigmoid(-z)); }
};
template <>
struct Reference<sf::Tanh> {
  static constexpr double ulps[] = {6, 6}, smallest = 1;
  static Wide value(Wide z) { return std::tanh(z); }
  static Wide derivative(Wide z) { return 1 / (std::cosh(z) * std::cosh(z)); }
};
template <>
struct Reference<sf::ReLU> {
  static constexpr double ulps[] = {0, 0}, smallest = 0;
  static Wide value(Wide z) { return std::max(z, Wide(0)); }
  static Wide derivative(Wide z) { return z > 0; }
};

template <class Scalar>
struct Activated {
  sf::Vector<Scalar> value, derivative;
};

template <class F, class Scalar>
Activated<Scalar> activated(const sf::Vector<Scalar>& z) {
  Activated<Scalar> f{z, sf::Vector<Scalar>(z.size())};
  sf::activate<F, Scalar>({f.value.data(), 1, z.size()}, sf::MatrixView<Scalar>(f.derivative.data(), 1, z.size()));
  sf::Vector<Scalar> alone = z;
  sf::activate<F, Scalar>(sf::MatrixView<Scalar>(alone.data(), 1, z.size()));
  // Bits: NaN is not equal to itself.
  for (sf::Index i = 0; i < z.size(); ++i)
    REQUIRE((alone(i) == f.value(i) || (std::isnan(alone(i)) && std::isnan(f.value(i)))));
  return f;
}

/// [-100, 100] evenly, and both signs of magnitudes from 1e-30 to 100.
template <class Scalar>
sf::Vector<Scalar> points() {
  std::vector<Scalar> z;
  for (int i = -20'000; i <= 20'000; ++i) z.push_back(static_cast<Scalar>(i) / 200);
  for (double m = 1e-30; m < 100; m *= 1.01)
    for (const double sign : {-1.0, 1.0}) z.push_back(static_cast<Scalar>(sign * m));
  return Eigen::Map<sf::Vector<Scalar>>(z.data(), static_cast<sf::Index>(z.size()));
}

/// The ulps between two numbers, 0 where both are next to nothing: packets have no exponential below that.
template <class Scalar>
double error(Scalar got, Wide expected, double smallest = 0) {
  const Wide difference = std::abs(static_cast<Wide>(got) - expected);
  if (difference < (std::same_as<Scalar, float> ? 1e-35 : 1e-300)) return 0;
  return std::abs(expected) < smallest ? static_cast<double>(difference / (smallest * test::Tolerance<Scalar>::epsilon))
                                       : test::ulps(got, expected);
}

template <class F, class Scalar>
void check_accuracy() {
  const auto z = points<Scalar>();
  const auto f = activated<F>(z);
  double value = 0, derivative = 0;
  Scalar value_at = 0, derivative_at = 0;
  for (sf::Index i = 0; i < z.size(); ++i) {
    const double v = error(f.value(i), Reference<F>::value(z(i)));
    const double d = error(f.derivative(i), Reference<F>::derivative(z(i)), Reference<F>::smallest);
    if (!(v <= value)) value = v, value_at = z(i);
    if (!(d <= derivative)) derivative = d, derivative_at = z(i);
  }
  CAPTURE(value_at, derivative_at);
  CHECK(value <= Reference<F>::ulps[0]);
  CHECK(derivative <= Reference<F>::ulps[1]);
}

/// The value at one number.
template <class F, class Scalar>
std::pair<Scalar, Scalar> at(Scalar z) {
  const auto f = activated<F, Scalar>(sf::Vector<Scalar>::Constant(1, z));
  return {f.value(0), f.derivative(0)};
}

}  // namespace

TEMPLATE_TEST_CASE("activations are accurate everywhere", "[layer]", sf::Identity, sf::LogSigmoid, sf::Softplus,
                   sf::SiLU, sf::Tanh, sf::ReLU) {
  SECTION("float") { check_accuracy<TestType, float>(); }
  SECTION("double") { check_accuracy<TestType, double>(); }
}

TEMPLATE_TEST_CASE("the derivative of an activation is the slope of its value", "[layer]", sf::Identity, sf::LogSigmoid,
                   sf::Softplus, sf::SiLU, sf::Tanh, sf::ReLU) {
  // Central differences, off by h^2 / 6 times a third derivative of at most 2, and by 1e-15 / h; not across 0, where
  // ReLU has none.
  constexpr double h = 1e-5;
  const sf::Vector<double> z = sf::Vector<double>::LinSpaced(400, -9.975, 9.975);
  const sf::Vector<double> above = z.array() + h, below = z.array() - h;
  const sf::Vector<double> slope = (activated<TestType>(above).value - activated<TestType>(below).value) / (2 * h);
  CHECK((slope - activated<TestType>(z).derivative).cwiseAbs().maxCoeff() < 1e-9);
}

TEMPLATE_TEST_CASE("an element has the same bits wherever it stands", "[layer]", sf::LogSigmoid, sf::Softplus, sf::SiLU,
                   sf::Tanh, sf::ReLU) {
  const auto check = []<class Scalar>(Scalar) {
    const sf::Vector<Scalar> z = points<Scalar>()(Eigen::seq(15'000, 25'000, 97));
    const auto all = activated<TestType>(z);
    for (sf::Index first = 0; first < z.size(); ++first)
      for (const sf::Index count : {1, 3, 9}) {
        if (first + count > z.size()) continue;
        const auto part = activated<TestType>(sf::Vector<Scalar>(z.segment(first, count)));
        REQUIRE(part.value == all.value.segment(first, count));
        REQUIRE(part.derivative == all.derivative.segment(first, count));
      }
  };
  SECTION("float") { check(1.0f); }
  SECTION("double") { check(1.0); }
}

TEMPLATE_TEST_CASE("activations have limits, keep the sign of 0 where they pass through it, and keep NaN", "[layer]",
                   float, double) {
  using S = TestType;
  using Pair = std::pair<S, S>;
  constexpr S infinity = std::numeric_limits<S>::infinity(), nan = std::numeric_limits<S>::quiet_NaN();

  CHECK(at<sf::Tanh>(infinity) == Pair(1, 0));
  CHECK(at<sf::Tanh>(-infinity) == Pair(-1, 0));
  CHECK(at<sf::LogSigmoid>(infinity).first == Catch::Approx(0).margin(1e-37));
  CHECK(at<sf::LogSigmoid>(infinity).second == Catch::Approx(0).margin(1e-37));
  CHECK(at<sf::LogSigmoid>(-infinity) == Pair(-infinity, 1));
  CHECK(at<sf::Softplus>(infinity) == Pair(infinity, 1));
  CHECK(at<sf::Softplus>(-infinity).first == Catch::Approx(0).margin(1e-37));
  CHECK(at<sf::ReLU>(infinity) == Pair(infinity, 1));
  CHECK(at<sf::ReLU>(-infinity) == Pair(0, 0));
  CHECK(at<sf::Identity>(-infinity) == Pair(-infinity, 1));

  CHECK(std::signbit(at<sf::Identity>(S(-0.0)).first));
  CHECK(std::signbit(at<sf::SiLU>(S(-0.0)).first));
  CHECK(at<sf::Tanh>(S(0)) == Pair(0, 1));
  CHECK(at<sf::SiLU>(S(0)) == Pair(0, S(0.5)));
  CHECK(at<sf::ReLU>(S(0)) == Pair(0, 0));
  CHECK(at<sf::ReLU>(S(-0.0)) == Pair(0, 0));

  CHECK(std::isnan(at<sf::Identity>(nan).first));
  CHECK(std::isnan(at<sf::LogSigmoid>(nan).first));
  CHECK(std::isnan(at<sf::Softplus>(nan).first));
  CHECK(std::isnan(at<sf::SiLU>(nan).first));
  CHECK(std::isnan(at<sf::Tanh>(nan).first));
  CHECK(std::isnan(at<sf::ReLU>(nan).first));
}

TEMPLATE_TEST_CASE("the gradient by a bias is one chain of multiply-adds wherever its row stands", "[layer]", float,
                   double) {
  using S = TestType;
  // Every row the same, in packets and after them.
  const sf::Matrix<S> dy = test::normals<S>(1, 20, "dy"), slope = test::normals<S>(1, 20, "slope");
  S expected = 1;
  for (sf::Index j = 0; j < 20; ++j) expected = sf::multiply_add(dy(j), slope(j), expected);
  const sf::Index most = 6 * sf::packet_size<S> + 1;
  for (sf::Index rows = 1; rows <= most; ++rows) {
    sf::Matrix<S> changed = dy.replicate(rows, 1);
    const sf::Matrix<S> slopes = slope.replicate(rows, 1);
    sf::Vector<S> db = sf::Vector<S>::Ones(rows);
    sf::detail::through_activation(sf::view(changed), slopes.data(), db.data());
    REQUIRE((db.array() == expected).all());
    REQUIRE(changed == sf::Matrix<S>((dy.array() * slope.array()).matrix().replicate(rows, 1)));
  }
}
