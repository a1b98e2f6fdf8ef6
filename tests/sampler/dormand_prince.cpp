// The adaptive method, whose steps are each sample's own.
#include "scorefield/sampler/rule/dormand_prince.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "sampler/exact_denoiser.hpp"
#include "sampler/flow_reference.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using Mixture = sf::test::ExactDenoiser<double>;

namespace {

constexpr sf::Seed adaptive_seed{21};

/// Counts the evaluations of the longest way, on one thread.
template <class Model>
sf::Index steps_of(const Model& model, const sf::DormandPrince& method, const sf::Matrix<double>& start) {
  auto stepper = sf::start(model, method, start, adaptive_seed, {.threads = 1});
  sf::Index steps = 0;
  for (; !stepper.done(); ++steps) stepper.step();
  return steps;
}

}  // namespace

TEST_CASE("the adaptive method errs about as much as it is told", "[sampler]") {
  const auto check = [](const auto& sde) {
    using Model = sf::test::ExactDenoiser<double, std::remove_cvref_t<decltype(sde)>>;
    const Model model(sf::test::two_normals<double>(), sde);
    const double scale = sde.deviation(1);
    sf::Matrix<double> start(2, 30);
    sf::Random(adaptive_seed, "test").normal(sf::view(start), 0, 0);
    start *= scale;
    // From a little below t = 1, where rectified flow has some signal.
    const auto near_start = [&](double tolerance) {
      const sf::DormandPrince method{.rtol = tolerance, .atol = tolerance, .t_last = 1e-2, .last_denoising = false};
      auto stepper = sf::start(model, method, start, adaptive_seed);
      while (!stepper.done()) stepper.step();
      CHECK(stepper.time() == 1e-2);
      return stepper.samples();
    };
    const auto exact = near_start(1e-10);
    for (const double tolerance : {1e-3, 1e-5, 1e-7}) {
      const double error = sf::test::median_distance(near_start(tolerance), exact);
      CAPTURE(tolerance, error);
      // A step errs by the tolerance at most, of which some dozens add up, while the flow draws samples together.
      CHECK(error < 10 * tolerance);
      CHECK(error > tolerance / 1000);
    }
    if (sde.signal(1) > 0)
      CHECK(sf::test::median_distance(exact, sf::test::flow(model.data(), sde, start, 1, 1e-2)) < 1e-6);
  };
  check(sf::VariancePreserving<double>{});
  check(sf::EdmEquation<double>{});
  check(sf::RectifiedFlow<double>{});
}

TEST_CASE("the adaptive method's steps grow by no more than the fifth root of what it is told", "[sampler]") {
  const Mixture model(sf::test::two_normals<double>());
  sf::Matrix<double> start(2, 10);
  sf::Random(adaptive_seed, "test").normal(sf::view(start), 0, 0);
  const auto steps = [&](double tolerance) {
    return static_cast<double>(steps_of(model, {.rtol = tolerance, .atol = tolerance, .t_last = 0.1}, start));
  };
  const double growth = steps(1e-11) / steps(1e-8);
  CAPTURE(growth);
  // Less than the limit for short steps; a slope that is wrong by the order of a step, which the error sees, has 4.2.
  CHECK(growth < std::pow(1e3, 1.0 / 5));
}

TEST_CASE("the adaptive method's coefficients are of order 5, and of 4 for its error", "[sampler]") {
  using Rule = sf::DormandPrince::Rule<sf::VariancePreserving<double>>;
  const auto& a = Rule::tableau;
  const auto& c = Rule::nodes;
  const auto check = [](double value, double expected) { CHECK(std::abs(value - expected) < 1e-14); };
  for (std::size_t s = 0; s < 7; ++s) check(std::accumulate(a[s].begin(), a[s].end(), 0.0), c[s]);
  for (int power = 0; power < 5; ++power) {
    double sum = 0, error = Rule::errors[6];
    for (std::size_t s = 0; s < 6; ++s)
      sum += a[6][s] * std::pow(c[s], power), error += Rule::errors[s] * std::pow(c[s], power);
    check(sum, 1.0 / (power + 1));
    if (power < 4) check(error, 0);
    // Of the points of slopes: sums of b_s a_sj c_j^power, where Butcher's conditions have 1 / ((p + 1)(p + 2)).
    double chained = 0;
    for (std::size_t s = 0; s < 6; ++s)
      for (std::size_t j = 0; j < 6; ++j) chained += a[6][s] * a[s][j] * std::pow(c[j], power);
    if (power < 4) check(chained, 1.0 / ((power + 1) * (power + 2)));
  }
}

TEST_CASE("a hard sample changes no bit of an easy one, nor does it wait for it", "[sampler]") {
  const Mixture model(sf::test::two_normals<double>());
  const sf::DormandPrince method{.rtol = 1e-6, .atol = 1e-6};
  const auto run = [&](const sf::Matrix<double>& start) {
    auto stepper = sf::start(model, method, start, adaptive_seed);
    while (!stepper.done()) stepper.step();
    return stepper.samples();
  };
  sf::Matrix<double> start(2, 100);
  sf::Random(adaptive_seed, "test").normal(sf::view(start), 0, 0);
  // The hardest of some is on the watershed between the modes.
  sf::Index hard = 0, hardest = 0, easiest = 1000;
  for (sf::Index j = 0; j < 30; ++j) {
    const sf::Index steps = steps_of(model, method, start.col(j));
    if (steps > hardest) hard = j, hardest = steps;
    easiest = std::min(easiest, steps);
  }
  CHECK(hardest > easiest + 3);
  const auto together = run(start);
  for (sf::Index j = 0; j < 100; ++j) CHECK(run(start.col(j)) == together.col(j));
  sf::Matrix<double> others = start;
  others.col(hard).setZero();
  const auto without = run(others);
  for (sf::Index j = 0; j < 100; ++j)
    if (j != hard) CHECK(without.col(j) == together.col(j));
}

TEST_CASE("the last step of an adaptive way denoises", "[sampler]") {
  const Mixture model(sf::test::two_normals<double>());
  const auto at = [&](bool last_denoising) {
    return sf::sample(model, sf::DormandPrince{.t_last = 0.05, .last_denoising = last_denoising}, 20, adaptive_seed);
  };
  const sf::Matrix<double> noisy = at(false);
  const double alpha = model.sde().signal(0.05), sigma = model.sde().deviation(0.05);
  const sf::Matrix<double> denoised = (noisy + sigma * sigma * model.data().evolved(alpha, sigma).score(noisy)) / alpha;
  CHECK((at(true) - denoised).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("the adaptive method says where it does not arrive, and what it cannot do", "[sampler]") {
  const Mixture model(sf::test::two_normals<double>());
  CHECK_THROWS_WITH(sf::sample(model, sf::DormandPrince{.max_steps = 3}, 20, adaptive_seed),
                    contains("DormandPrince: expected every sample at its last time within 3 steps, got 20 on their "
                             "way, the last one at 0."));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& none :
       {sf::DormandPrince{.rtol = -1}, sf::DormandPrince{.rtol = 0, .atol = 0}, sf::DormandPrince{.atol = nan},
        sf::DormandPrince{.t_last = 0}, sf::DormandPrince{.t_last = 1}, sf::DormandPrince{.max_steps = 0}})
    CHECK_THROWS_AS(sf::start(model, none, 1, adaptive_seed), sf::InvalidArgument);
}
