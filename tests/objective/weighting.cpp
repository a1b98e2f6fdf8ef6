// Each weighting against its definition: the squared error of the quantity that its paper weights, as its paper does.
#include "scorefield/objective/weighting.hpp"

#include <cmath>
#include <limits>

#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

static_assert(sf::Weighting<sf::NoiseWeighting> && sf::Weighting<sf::VelocityWeighting>);
static_assert(sf::Weighting<sf::LikelihoodWeighting> && sf::Weighting<sf::MinSnrWeighting>);
static_assert(sf::Weighting<sf::EdmWeighting> && sf::Weighting<sf::FlowWeighting>);

struct OfLevelsAlone {  // as weightings must not be, for some look at the equation
  void validate() const {}
  std::string settings() const { return {}; }
  float root(float alpha, float) const { return alpha; }
};
static_assert(!sf::Weighting<OfLevelsAlone>);

/// An equation whose data keep their size, and whose noise grows to three times that of the unit: the signal is no
/// function of the deviation here.
struct Growing {
  using Scalar = double;
  double drift(double) const { return -0.5; }
  double signal(double t) const { return std::exp(-0.5 * t); }
  double deviation(double t) const { return 3 * t; }
  double diffusion(double t) const { return std::sqrt(18 * t + 9 * t * t); }  // (sigma^2)' - 2 f sigma^2
};

/// A level, a data point, its noise and an imperfect denoised sample, in one dimension.
struct Errors {
  double t, alpha, sigma, g;
  double x0 = 0.7, noise = -0.4, denoised = 1.1;

  template <class Equation>
  Errors(const Equation& sde, double at)
      : t(at), alpha(sde.signal(at)), sigma(sde.deviation(at)), g(sde.diffusion(at)) {}

  double x() const { return alpha * x0 + sigma * noise; }
  double noise_of_denoised() const { return (x() - alpha * denoised) / sigma; }
  double score_error() const { return (noise - noise_of_denoised()) / sigma; }
  double velocity_error() const {
    return (alpha * noise_of_denoised() - sigma * denoised) - (alpha * noise - sigma * x0);
  }
  double flow_error() const { return (noise_of_denoised() - denoised) - (noise - x0); }
};

template <class Expected>
void check_weighting(const auto& weighting, const Expected& expected) {
  const auto check = [&](const auto& sde) {
    for (const double t : {0.01, 0.2, 0.5, 0.9, 1.0}) {
      CAPTURE(t);
      const Errors of(sde, t);
      const double loss = std::pow(
          weighting.root(sde, sf::NoiseLevel<double>{t, of.alpha, of.sigma}) * (of.denoised - of.x0) / of.sigma, 2);
      // The differences lose two or three digits.
      CHECK(loss == Catch::Approx(expected(of)).epsilon(1e-11));
    }
  };
  check(sf::VariancePreserving<double>{});
  check(Growing{});
}

}  // namespace

TEST_CASE("weightings are those of their papers", "[objective]") {
  const auto square = [](double x) { return x * x; };
  check_weighting(sf::NoiseWeighting{}, [&](const Errors& e) { return square(e.noise_of_denoised() - e.noise); });
  check_weighting(sf::VelocityWeighting{}, [&](const Errors& e) { return square(e.velocity_error()); });
  check_weighting(sf::FlowWeighting{}, [&](const Errors& e) { return square(e.flow_error()); });
  check_weighting(sf::LikelihoodWeighting{}, [&](const Errors& e) { return square(e.g * e.score_error()); });
  for (const double gamma : {5.0, 0.3})
    check_weighting(sf::MinSnrWeighting{.gamma = gamma}, [&](const Errors& e) {
      return std::min(square(e.alpha / e.sigma), gamma) * square(e.denoised - e.x0);
    });
  for (const double d : {0.5, 2.0})
    check_weighting(sf::EdmWeighting{.data_deviation = d}, [&](const Errors& e) {
      const double s = e.sigma / e.alpha;
      return (s * s + d * d) / square(s * d) * square(e.denoised - e.x0);
    });
}

TEST_CASE("the likelihood weighting is 0 where no signal is left, though the diffusion be infinite", "[objective]") {
  struct {
    double diffusion(double) const { return std::numeric_limits<double>::infinity(); }
    using Scalar = double;
    double drift(double) const { return 0; }
    double signal(double) const { return 0; }
    double deviation(double) const { return 1; }
  } const sde;
  CHECK(sf::LikelihoodWeighting{}.root(sde, sf::NoiseLevel<double>{1, 0, 1}) == 0);
}

TEST_CASE("hyper-parameters of weightings that cannot work are refused", "[objective]") {
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(sf::MinSnrWeighting{.gamma = bad}.validate(), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::EdmWeighting{.data_deviation = bad}.validate(), sf::InvalidArgument);
  }
  CHECK_THROWS_WITH(sf::MinSnrWeighting{.gamma = -1}.validate(),
                    contains("MinSnrWeighting: expected a positive, finite gamma, got -1; 5 is usual"));
  CHECK(sf::MinSnrWeighting{}.settings() == "MinSnrWeighting{gamma 5}");
  CHECK(sf::EdmWeighting{}.settings() == "EdmWeighting{data_deviation 0.5}");
  CHECK(sf::FlowWeighting{}.settings() != sf::LikelihoodWeighting{}.settings());
}
