// What scorefield/optimizer/concept.hpp promises, for every optimizer; and each against its formula.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/optimizer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Parameters with the state of their optimizer.
template <sf::Optimizer O, class Scalar>
class Run {
 public:
  Run(const O& optimizer, sf::Vector<Scalar> start) : p(std::move(start)), optimizer_(optimizer) {
    state_.fill(sf::Vector<Scalar>::Zero(p.size()));
  }

  /// Updates parameters [first, first + count).
  void update(const sf::Vector<Scalar>& g, double rate, sf::Index step, sf::Index first, sf::Index count) {
    auto state = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<sf::VectorView<Scalar>, O::state_vectors>{sf::segment(sf::view(state_[I]), first, count)...};
    }
    (std::make_index_sequence<O::state_vectors>{});
    optimizer_.update(sf::segment(sf::view(p), first, count), sf::segment(sf::view(g), first, count), state, rate,
                      step);
  }
  void update(const sf::Vector<Scalar>& g, double rate, sf::Index step) { update(g, rate, step, 0, p.size()); }

  sf::Vector<Scalar> p;

 private:
  O optimizer_;
  std::array<sf::Vector<Scalar>, O::state_vectors> state_;
};

template <class Scalar>
sf::Vector<Scalar> gradient(sf::Index size, sf::Index step) {
  sf::Matrix<Scalar> g(size, 1);
  sf::Random(sf::Seed{7}, "gradient").normal(sf::view(g), 0, step);
  return g;
}

template <class Scalar, sf::Optimizer O>
void check_optimizer(const O& optimizer) {
  CHECK_NOTHROW(optimizer.validate());
  const sf::Vector<Scalar> start = test::normals<Scalar>(37, 1, "start");

  // In pieces that fill no packet, to the bit as whole where the optimizer says what is fused. How a compiler fuses the
  // operations of a user's own is not pinned, which may change the last bit of each of some ten operations.
  Run<O, Scalar> whole(optimizer, start), pieces(optimizer, start);
  for (sf::Index step = 1; step <= 20; ++step) {
    const auto g = gradient<Scalar>(37, step);
    whole.update(g, 0.01, step);
    for (const auto& [first, count] : {std::pair<sf::Index, sf::Index>{0, 1}, {1, 16}, {17, 0}, {17, 13}, {30, 7}})
      pieces.update(g, 0.01, step, first, count);
  }
  CHECK(whole.p != start);
  if constexpr (sf::HasSettings<O>)
    CHECK(whole.p == pieces.p);
  else
    CHECK((whole.p - pieces.p).cwiseAbs().maxCoeff() < test::Tolerance<Scalar>::formula);

  // The learning rate that counts is the one passed in: at 0 nothing moves.
  Run<O, Scalar> still(optimizer, start);
  still.update(gradient<Scalar>(37, 1), 0, 1);
  CHECK(still.p == start);

  const auto g = gradient<Scalar>(37, 21);
  CHECK(test::count_allocations([&] { whole.update(g, 0.01, 21); }) == 0);

  // The bowl (p - 3)' D (p - 3) / 2 with curvatures D from 0.5 to 2; the last steps are small.
  const sf::Vector<Scalar> curvature = sf::Vector<Scalar>::LinSpaced(37, Scalar(0.5), 2);
  Run<O, Scalar> bowl(optimizer, start);
  constexpr sf::Index steps = 3000;
  for (sf::Index step = 1; step <= steps; ++step) {
    const sf::Vector<Scalar> slope = curvature.array() * (bowl.p.array() - 3);
    bowl.update(slope, 0.05 * sf::CosineRate{}.factor(step - 1, steps), step);
  }
  CHECK((bowl.p.array() - 3).abs().maxCoeff() < 1e-4);
}

/// Plain numbers, in the letters of Kingma and Ba's algorithm 1 and Loshchilov and Hutter's algorithm 2.
struct PlainAdam {
  sf::Adam of;
  double theta, m = 0, v = 0;

  void update(double g, double rate, int t) {
    m = of.beta1 * m + (1 - of.beta1) * g;
    v = of.beta2 * v + (1 - of.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(of.beta1, t)), v_hat = v / (1 - std::pow(of.beta2, t));
    theta -= rate * (m_hat / (std::sqrt(v_hat) + of.epsilon) + of.weight_decay * theta);
  }
};

struct WithoutRate {
  static constexpr std::size_t state_vectors = 0;
  void validate() const;
  template <class P, class G, class State>
  void update(P, G, State, double, sf::Index) const;
};
struct WithoutState {
  double learning_rate = 1;
  void validate() const;
  template <class P, class G, class State>
  void update(P, G, State, double, sf::Index) const;
};

/// An optimizer of the user's own: steps of one length against the sign of the gradient, without state.
struct SignDescent {
  double learning_rate = 1e-2;
  static constexpr std::size_t state_vectors = 0;
  void validate() const {}
  template <sf::Real Scalar>
  void update(sf::VectorView<Scalar> p, sf::ConstVectorView<Scalar> g, std::array<sf::VectorView<Scalar>, 0>,
              double rate, sf::Index) const {
    p -= static_cast<Scalar>(rate) * g.cwiseSign();
  }
};

static_assert(sf::Optimizer<sf::Adam>);
static_assert(sf::Optimizer<sf::Muon>);
static_assert(sf::Optimizer<sf::Sgd>);
static_assert(sf::Optimizer<SignDescent>);
static_assert(!sf::Optimizer<WithoutRate>);
static_assert(!sf::Optimizer<WithoutState>);
static_assert(!sf::Optimizer<sf::CosineRate>);
static_assert(sf::LearningRateSchedule<sf::ConstantRate>);
static_assert(sf::LearningRateSchedule<sf::Warmup<sf::CosineRate>>);
static_assert(!sf::LearningRateSchedule<sf::Adam>);

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEMPLATE_TEST_CASE("optimizers keep their promises", "[optimizer]", float, double) {
  check_optimizer<TestType>(sf::Adam{});
  check_optimizer<TestType>(sf::Muon{});
  check_optimizer<TestType>(sf::Sgd{});
  check_optimizer<TestType>(sf::Sgd{.momentum = 0});
  check_optimizer<TestType>(SignDescent{});
}

TEST_CASE("the first steps of Adam are those computed by hand", "[optimizer]") {
  // From m = v = 0 the corrected means after one step are g and g^2 exactly, so a step is rate g / (|g| + epsilon).
  Run<sf::Adam, double> run(sf::Adam{.beta1 = 0.5, .beta2 = 0.75, .epsilon = 1}, sf::Vector<double>{{10, 10}});
  run.update(sf::Vector<double>{{1, -3}}, 0.2, 1);
  CHECK(run.p(0) == Catch::Approx(10 - 0.2 * 0.5).epsilon(1e-15));
  CHECK(run.p(1) == Catch::Approx(10 + 0.2 * 0.75).epsilon(1e-15));
  // g = 3: m = 0.5 0.5 + 0.5 3 = 1.75, corrected by 1 - 0.5^2 to 7/3; v = 0.75 0.25 + 0.25 9 = 39/16, by 1 - 0.75^2 to
  // 39/7.
  run.update(sf::Vector<double>{{3, 0}}, 0.2, 2);
  CHECK(run.p(0) == Catch::Approx(9.9 - 0.2 * (7.0 / 3) / (std::sqrt(39.0 / 7) + 1)).epsilon(1e-15));
}

TEMPLATE_TEST_CASE("Adam follows the algorithm of its paper", "[optimizer]", float, double) {
  for (const auto& adam : {sf::Adam{}, sf::Adam{.beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-3},
                           sf::Adam{.weight_decay = 0.1}, sf::Adam{.beta1 = 0, .beta2 = 0}}) {
    CAPTURE(adam.beta1, adam.weight_decay);
    Run<sf::Adam, TestType> run(adam, test::normals<TestType>(5, 1, "start"));
    std::vector<PlainAdam> plain;
    for (const TestType p : run.p) plain.push_back({adam, static_cast<double>(p)});
    for (int step = 1; step <= 100; ++step) {
      const auto g = gradient<TestType>(5, step);
      const double rate = 0.01 / step;
      run.update(g, rate, step);
      for (sf::Index i = 0; i < 5; ++i)
        plain[static_cast<std::size_t>(i)].update(static_cast<double>(g(i)), rate, step);
    }
    // A hundred steps that each round p once, and a step of 1e-2 some ten times.
    for (sf::Index i = 0; i < 5; ++i)
      CHECK(static_cast<double>(run.p(i)) ==
            Catch::Approx(plain[static_cast<std::size_t>(i)].theta).margin(100 * test::Tolerance<TestType>::epsilon));
  }
}

TEST_CASE("Adam's root is correctly rounded, of infinity too", "[optimizer]") {
  // Without means the step is g / sqrt(g^2), where the rounded root of a rounded square is |g| again, to the bit.
  const sf::Adam adam{.beta1 = 0, .beta2 = 0, .epsilon = 1.2e-38};
  Run<sf::Adam, float> run(adam, sf::Vector<float>::Zero(1000));
  const auto g = gradient<float>(1000, 1);
  run.update(g, 1, 1);
  CHECK(run.p == -g.cwiseSign());

  Run<sf::Adam, float> steep(adam, sf::Vector<float>::Zero(11));
  steep.update(sf::Vector<float>::Constant(11, 2e19f), 1, 1);
  CHECK(steep.p.isZero(0));
}

TEST_CASE("weight decay does not pass through Adam's means", "[optimizer]") {
  // Without a gradient it shrinks parameters by 1 - rate weight_decay a step and does nothing else.
  Run<sf::Adam, double> run(sf::Adam{.weight_decay = 0.5}, sf::Vector<double>{{2, -1}});
  for (sf::Index step = 1; step <= 10; ++step) run.update(sf::Vector<double>::Zero(2), 0.1, step);
  CHECK(run.p(0) == Catch::Approx(2 * std::pow(0.95, 10)).epsilon(1e-14));
  CHECK(run.p(1) == Catch::Approx(-std::pow(0.95, 10)).epsilon(1e-14));
}

TEST_CASE("Adam's steps do not depend on the scale of the gradient", "[optimizer]") {
  Run<sf::Adam, double> small(sf::Adam{.epsilon = 1e-300}, sf::Vector<double>::Zero(5)), large = small;
  for (sf::Index step = 1; step <= 50; ++step) {
    small.update(1e-20 * gradient<double>(5, step), 0.01, step);
    large.update(1e+20 * gradient<double>(5, step), 0.01, step);
  }
  CHECK((small.p - large.p).cwiseAbs().maxCoeff() < 1e-15);  // of about 0.1
}

TEST_CASE("gradient descent gathers momentum", "[optimizer]") {
  Run<sf::Sgd, double> run(sf::Sgd{.momentum = 0.5}, sf::Vector<double>{{1.0}});
  run.update(sf::Vector<double>{{2.0}}, 0.25, 1);
  CHECK(run.p(0) == 1 - 0.25 * 2);
  run.update(sf::Vector<double>{{-1.0}}, 0.25, 2);
  CHECK(run.p(0) == 0.5 - 0.25 * (0.5 * 2 - 1));
  run.update(sf::Vector<double>{{4.0}}, 0.5, 3);  // the velocity holds no rate
  CHECK(run.p(0) == 0.5 - 0.5 * (0.5 * 0 + 4));
}

TEST_CASE("hyper-parameters that cannot work are refused", "[optimizer]") {
  for (const double rate : {0.0, -1.0, no_number, infinity}) {
    CHECK_THROWS_AS((sf::Adam{.learning_rate = rate}.validate()), sf::InvalidArgument);
    CHECK_THROWS_AS((sf::Sgd{.learning_rate = rate}.validate()), sf::InvalidArgument);
    CHECK_THROWS_AS((sf::Muon{.learning_rate = rate}.validate()), sf::InvalidArgument);
  }
  for (const double share : {-0.1, 1.0, no_number}) {
    CHECK_THROWS_AS((sf::Adam{.beta1 = share}.validate()), sf::InvalidArgument);
    CHECK_THROWS_AS((sf::Adam{.beta2 = share}.validate()), sf::InvalidArgument);
    CHECK_THROWS_AS((sf::Sgd{.momentum = share}.validate()), sf::InvalidArgument);
    CHECK_THROWS_AS((sf::ExponentialMovingAverage{.decay = share}.validate()), sf::InvalidArgument);
  }
  for (const double e : {0.0, -1.0, no_number, infinity})
    CHECK_THROWS_AS((sf::Adam{.epsilon = e}.validate()), sf::InvalidArgument);
  for (const double w : {-1.0, no_number, infinity})
    CHECK_THROWS_AS((sf::Adam{.weight_decay = w}.validate()), sf::InvalidArgument);
  for (const double last : {-0.1, 1.1, no_number})
    CHECK_THROWS_AS((sf::CosineRate{.last = last}.validate()), sf::InvalidArgument);
  for (const double last : {0.0, 1.0}) CHECK_NOTHROW((sf::CosineRate{.last = last}.validate()));
  CHECK_THROWS_AS((sf::Warmup<>{.steps = -1}.validate()), sf::InvalidArgument);
  CHECK_THROWS_AS((sf::Warmup<sf::CosineRate>{.steps = 1, .then = {.last = 2}}.validate()), sf::InvalidArgument);
  CHECK_THROWS_WITH((sf::Adam{.beta1 = 1}.validate()),
                    "Adam: expected beta1 and beta2 in [0, 1), got 1 and 0.999; 0.9 and 0.999 are usual");
  CHECK_THROWS_WITH((sf::Sgd{.learning_rate = -2}.validate()),
                    "Sgd: expected a positive learning rate, got -2; 1e-2 is usual");
}

TEST_CASE("learning rates follow their schedules", "[optimizer]") {
  CHECK(sf::ConstantRate{}.factor(0, 100) == 1);
  CHECK(sf::ConstantRate{}.factor(99, 100) == 1);

  const sf::CosineRate cosine{.last = 0.2};
  CHECK(cosine.factor(0, 100) == 1);
  CHECK(cosine.factor(50, 100) == Catch::Approx(0.6).epsilon(1e-15));
  CHECK(cosine.factor(25, 100) == Catch::Approx(0.2 + 0.4 * (1 + std::sqrt(0.5))).epsilon(1e-15));
  CHECK(cosine.factor(100, 100) == Catch::Approx(0.2).epsilon(1e-15));
  for (sf::Index step = 1; step < 100; ++step) CHECK(cosine.factor(step, 100) < cosine.factor(step - 1, 100));

  const sf::Warmup<> warmup{.steps = 4};
  CHECK(warmup.factor(0, 100) == 0.25);
  CHECK(warmup.factor(2, 100) == 0.75);
  CHECK(warmup.factor(3, 100) == 1);
  CHECK(warmup.factor(99, 100) == 1);
  CHECK(sf::Warmup<>{.steps = 0}.factor(0, 100) == 1);

  const sf::Warmup<sf::CosineRate> both{.steps = 50, .then = cosine};
  for (const sf::Index steps : {10, 50, 100, 1000}) CHECK(both.factor(9, steps) == 0.2);
  CHECK(both.factor(49, 50) == 1);
  CHECK(both.factor(50, 150) == 1);
  CHECK(both.factor(75, 150) == cosine.factor(25, 100));
}

TEMPLATE_TEST_CASE("the moving average forgets early parameters soon and late ones at its decay", "[optimizer]", float,
                   double) {
  const sf::ExponentialMovingAverage average{.decay = 0.99};
  CHECK_NOTHROW(average.validate());
  constexpr sf::Index size = 37;  // of which some fill no packet
  sf::Vector<double> a = test::normals<double>(size, 1, "start"), plain = a;
  sf::Vector<TestType> rounded(size);
  for (sf::Index step = 1; step <= 2000; ++step) {
    const auto p = gradient<TestType>(size, step);
    average.update<TestType>(sf::view(a), sf::view(rounded), sf::view(p), step);
    REQUIRE(rounded == a.cast<TestType>());
    const double k = static_cast<double>(step), d = std::min(0.99, (1 + k) / (10 + k));
    plain = d * plain + (1 - d) * p.template cast<double>();
  }
  // Rounding gathers over about 1 / (1 - 0.99) steps, and 1 - d itself is off by epsilon / 2 in 0.01.
  CHECK((a - plain).cwiseAbs().maxCoeff() < 200 * test::Tolerance<double>::epsilon);

  // At the first step 2/11 is kept.
  sf::Vector<double> one = sf::Vector<double>::Constant(1, 11);
  const sf::Vector<TestType> zero = sf::Vector<TestType>::Zero(1);
  average.update<TestType>(sf::view(one), sf::segment(sf::view(rounded), 0, 1), sf::view(zero), 1);
  CHECK(one(0) == Catch::Approx(2).epsilon(11 * test::Tolerance<double>::epsilon));
}

TEST_CASE("a slow average of floats feels small changes", "[optimizer]") {
  // From 1 to 1.005 at a decay of 0.99999: a step moves it by 5e-8 and less, where floats from 1 on are 1.2e-7 apart.
  const sf::ExponentialMovingAverage average{.decay = 0.99999};
  const sf::Vector<float> p = sf::Vector<float>::Constant(1, 1.005f);
  sf::Vector<double> a = sf::Vector<double>::Ones(1);
  sf::Vector<float> rounded(1);
  constexpr sf::Index from = 1'000'000, steps = 50'000;  // where the decay is the one asked for
  for (sf::Index step = from; step < from + steps; ++step)
    average.update<float>(sf::view(a), sf::view(rounded), sf::view(p), step);
  const auto target = static_cast<double>(p(0));
  CHECK(a(0) == Catch::Approx(target - (target - 1) * std::pow(0.99999, steps)).epsilon(1e-12));
}

TEST_CASE("settings tell hyper-parameters apart, and defaults are short", "[optimizer]") {
  CHECK(sf::Adam{}.settings() == "Adam{learning_rate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-08, weight_decay 0}");
  CHECK(sf::Adam{.learning_rate = std::nextafter(1e-3, 1)}.settings() != sf::Adam{}.settings());
  CHECK(sf::Sgd{}.settings() == "Sgd{learning_rate 0.01, momentum 0.9}");
  CHECK(sf::Sgd{.learning_rate = 0.1}.settings() == "Sgd{learning_rate 0.1, momentum 0.9}");
  CHECK(sf::Muon{}.settings().starts_with("Muon{learning_rate 0.002, momentum 0.95, "));
  CHECK(sf::ConstantRate{}.settings() == "ConstantRate{}");
  CHECK(sf::Warmup<sf::CosineRate>{.steps = 7, .then = {.last = 0.5}}.settings() ==
        "Warmup{steps 7, then CosineRate{last 0.5}}");
  static_assert(!sf::HasSettings<SignDescent>);
}
