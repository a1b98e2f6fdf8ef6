// Couplings of data and noise: the least total distance, against all pairings and against sorted numbers.
#include "scorefield/objective/coupling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

static_assert(sf::Coupling<sf::IndependentCoupling> && !sf::BatchCoupling<sf::IndependentCoupling>);
static_assert(sf::BatchCoupling<sf::OptimalTransportCoupling>);

struct WithoutPair : sf::OptimalTransportCoupling {
  void pair() const {}
};
static_assert(sf::Coupling<WithoutPair> && !sf::BatchCoupling<WithoutPair>);

using Coupled = sf::DenoisingScoreMatching<sf::UniformTime, sf::NoiseWeighting, sf::OptimalTransportCoupling>;
using SmallModel = sf::ScoreModel<sf::VariancePreserving<double>, sf::DynamicMlp<double>>;
static_assert(sf::PairingObjective<Coupled, SmallModel>);
static_assert(!sf::PairingObjective<sf::DenoisingScoreMatching<>, SmallModel>);

const sf::Draw a_draw{sf::Seed{3}, 0, 5};

template <class Scalar>
std::vector<sf::Index> order_of(const sf::OptimalTransportCoupling& coupling, const sf::Matrix<Scalar>& x0,
                                const sf::Matrix<Scalar>& noise, const sf::Draw& draw = a_draw, sf::Index spare = 0) {
  std::vector<sf::Index> order(static_cast<std::size_t>(x0.cols()));
  auto w = coupling.workspace<Scalar>(x0.rows(), x0.cols() + spare);
  coupling.pair(sf::view(x0), sf::view(noise), draw, order, w);
  return order;
}

template <class Scalar>
double total_distance(const sf::Matrix<Scalar>& x0, const sf::Matrix<Scalar>& noise,
                      const std::vector<sf::Index>& order) {
  double sum = 0;
  for (sf::Index j = 0; j < noise.cols(); ++j)
    sum += static_cast<double>((x0.col(order[static_cast<std::size_t>(j)]) - noise.col(j)).squaredNorm());
  return sum;
}

/// The columns of a row of numbers in their order.
std::vector<sf::Index> sorted_columns(const sf::Matrix<double>& row) {
  std::vector<sf::Index> columns(static_cast<std::size_t>(row.cols()));
  std::iota(columns.begin(), columns.end(), sf::Index{0});
  std::ranges::sort(columns, {}, [&](sf::Index j) { return row(0, j); });
  return columns;
}

}  // namespace

TEMPLATE_TEST_CASE("optimal transport pairs data and noise at the least of all distances", "[objective]", float,
                   double) {
  for (const sf::Index d : {1, 3}) {
    const auto x0 = test::normals<TestType>(d, 6, "data"), noise = test::normals<TestType>(d, 6, "noise");
    const double got = total_distance(x0, noise, order_of({}, x0, noise, a_draw, 10));
    std::vector<sf::Index> any{0, 1, 2, 3, 4, 5};
    double least = std::numeric_limits<double>::infinity();
    do least = std::min(least, total_distance(x0, noise, any));
    while (std::next_permutation(any.begin(), any.end()));
    // Of the rounding of six products of floats.
    CHECK(got == Catch::Approx(least).epsilon(100 * test::Tolerance<TestType>::epsilon));
  }
}

TEST_CASE("in one dimension optimal transport pairs in order", "[objective]") {
  for (const sf::Index n : {1, 2, 100}) {
    const auto x0 = test::normals<double>(1, n, "data"), noise = test::normals<double>(1, n, "noise");
    const auto order = order_of({}, x0, noise);
    const auto of_data = sorted_columns(x0), of_noise = sorted_columns(noise);
    for (std::size_t i = 0; i < of_data.size(); ++i)
      REQUIRE(order[static_cast<std::size_t>(of_noise[i])] == of_data[i]);
  }
}

TEST_CASE("large batches are paired by a draw from the entropic plan", "[objective]") {
  constexpr sf::Index n = 60;
  const sf::OptimalTransportCoupling exact, entropic{.exact = 10};
  const sf::Matrix<double> x0 = 3 * test::normals<double>(2, n, "data"), noise = test::normals<double>(2, n, "noise");
  const double least = total_distance(x0, noise, order_of(exact, x0, noise));
  std::vector<sf::Index> as_it_is(n);
  std::iota(as_it_is.begin(), as_it_is.end(), sf::Index{0});
  const double independent = total_distance(x0, noise, as_it_is);
  std::vector<int> drawn(n, 0);
  double sum = 0;
  constexpr int draws = 400;
  for (int step = 0; step < draws; ++step) {
    const auto order = order_of(entropic, x0, noise, {sf::Seed{3}, 0, step});
    sum += total_distance(x0, noise, order) / draws;
    for (const sf::Index i : order) ++drawn[static_cast<std::size_t>(i)];
  }
  // A plan with some entropy is near the best pairing, and far from none; a draw may be better than any pairing.
  CHECK(sum < least + 0.15 * (independent - least));
  // Each sample is there once on average: a count of at most `draws` a noise, whose variance is at most its mean; and
  // Sinkhorn's sums are off by 0.001 on average.
  for (const int count : drawn) CHECK(std::abs(count - draws) < 5 * std::sqrt(draws) + 0.01 * draws);

  CHECK(order_of(entropic, x0, noise) == order_of(entropic, x0, noise));
  CHECK(order_of(entropic, x0, noise) != order_of(entropic, x0, noise, {sf::Seed{3}, 0, 6}));
  CHECK(order_of(entropic, x0, noise) != order_of(entropic, x0, noise, {sf::Seed{4}, 0, 5}));
  // Plans do not know how far from 0 the data are.
  CHECK(order_of<double>(entropic, x0.array() + 100, noise) == order_of(entropic, x0, noise));
  const sf::Matrix<double> nothing = sf::Matrix<double>::Zero(2, n);
  for (const sf::Index i : order_of(entropic, nothing, noise)) CHECK((i >= 0 && i < n));
}

TEST_CASE("a plan of hardly any entropy is the assignment, of every noise", "[objective]") {
  constexpr sf::Index n = 20;
  sf::Matrix<double> x0(1, n), noise(1, n);
  for (sf::Index i = 0; i < n; ++i) {
    x0(0, i) = static_cast<double>(i);
    noise(0, i) = static_cast<double>((7 * i + 3) % n) + 0.1;
  }
  // Another pairing costs 1 more at least, of a size of some 30: exp(-1 / (0.001 * 30)) is 0 to a draw.
  const sf::OptimalTransportCoupling entropic{.exact = 10, .regularisation = 1e-3, .iterations = 2000};
  CHECK(order_of(entropic, x0, noise) == order_of({}, x0, noise));
}

TEMPLATE_TEST_CASE("pairing allocates nothing, for short batches too", "[objective]", float, double) {
  for (const sf::Index exact : {8, 256}) {
    const sf::OptimalTransportCoupling coupling{.exact = exact};
    auto w = coupling.workspace<TestType>(3, 20);
    std::vector<sf::Index> order(20);
    for (const sf::Index n : {20, 7, 1}) {
      const auto x0 = test::normals<TestType>(3, n, "data"), noise = test::normals<TestType>(3, n, "noise");
      const auto part = std::span(order).first(static_cast<std::size_t>(n));
      CHECK(test::count_allocations([&] { coupling.pair(sf::view(x0), sf::view(noise), a_draw, part, w); }) == 0);
    }
  }
}

TEST_CASE("the objective pairs data with the noise that they are then given", "[objective]") {
  const SmallModel model(sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(1, {4}), sf::Seed{0});
  const auto x0 = test::normals<double>(1, 50, "data");
  sf::Matrix<double> noise(1, 50);
  sf::Random(a_draw.seed, "training noise").normal(sf::view(noise), 0, a_draw.step);
  const Coupled objective;
  auto pairing = objective.pairing(model, 80);
  std::vector<sf::Index> order(50);
  objective.pair(model, sf::view(x0), a_draw, order, pairing);
  CHECK(order == order_of({}, x0, noise));
}

TEST_CASE("couplings tell their settings where they are not independent, and refuse what cannot work", "[objective]") {
  CHECK(contains("coupling OptimalTransportCoupling{exact 256, regularisation 0.05, iterations 200}, condition_dropout")
            .match(sf::DenoisingScoreMatching{sf::UniformTime{}, sf::NoiseWeighting{}, sf::OptimalTransportCoupling{}}
                       .settings()));
  CHECK(sf::DenoisingScoreMatching{}.settings().find("oupling") == std::string::npos);
  const SmallModel model(sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(1, {4}), sf::Seed{0});
  for (const auto& bad :
       {sf::OptimalTransportCoupling{.exact = 0}, sf::OptimalTransportCoupling{.regularisation = 0},
        sf::OptimalTransportCoupling{.regularisation = std::nan("")}, sf::OptimalTransportCoupling{.iterations = 0}}) {
    CHECK_THROWS_AS((Coupled{.coupling = bad}.workspace(model)), sf::InvalidArgument);
    CHECK_THROWS_WITH((Coupled{.coupling = bad}.pairing(model, 3)), contains("256, 200 and 0.05 are usual"));
  }
}
