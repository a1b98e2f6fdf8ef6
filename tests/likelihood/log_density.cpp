#include "scorefield/likelihood/log_density.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/data/units.hpp"
#include "scorefield/model/empirical_denoiser.hpp"
#include "scorefield/model/guided.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

#include "likelihood/exact_mixture.hpp"
#include "likelihood/some_model.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::MixtureDenoiser;
using scorefield::test::some_model;

namespace {

constexpr sf::Seed density_seed{17};

/// The library's, of a type that spares the compiler six copies of all.
template <sf::Real Scalar>
std::vector<sf::AnySde<Scalar>> all_equations() {
  return {sf::VariancePreserving<Scalar>{},
          sf::VariancePreserving{sf::CosineSchedule<Scalar>{}},
          sf::VariancePreserving{sf::SigmoidSchedule<Scalar>{}},
          sf::SubVariancePreserving<Scalar>{},
          sf::VarianceExploding<Scalar>{},
          sf::EdmEquation<Scalar>{},
          sf::RectifiedFlow<Scalar>{}};
}

/// The largest error of log densities of samples of a mixture.
template <sf::Sde Equation>
double worst_error(const sf::test::DiagonalMixture& data, const Equation& sde, sf::Index n, double tolerance) {
  using Scalar = typename Equation::Scalar;
  const auto distribution = data.distribution();
  const sf::Matrix<Scalar> x = distribution.sample(n, density_seed).cast<Scalar>();
  const auto found = sf::log_density(MixtureDenoiser(data, sde), x, {.tolerance = tolerance});
  CHECK(found.tolerance == tolerance);
  CHECK(found.standard_error.isZero(0));
  return (found.value - distribution.log_density(x.template cast<double>())).cwiseAbs().maxCoeff();
}

sf::Matrix<float> some_points(sf::Index d, sf::Index n) {
  sf::Matrix<float> x(d, n);
  sf::Random(density_seed, "points").normal(sf::view(x), 0, 0);
  return x;
}

}  // namespace

TEST_CASE("log densities of mixtures are those of the closed form, under every equation", "[likelihood]") {
  for (const auto& sde : all_equations<double>()) {
    // Some ten times the tolerance, and what the mixture is no normal at t = 1: 5e-5 under VarianceExploding.
    CHECK(worst_error(sf::test::two_components(2), sde, 40, 1e-6) < 1e-4);
    CHECK(worst_error(sf::test::two_components(10), sde, 20, 1e-6) < 1e-4);
  }
  for (const auto& sde : all_equations<float>()) {
    CHECK(worst_error(sf::test::two_components(2), sde, 40, 1e-6) < 1e-3);
    CHECK(worst_error(sf::test::two_components(10), sde, 20, 1e-6) < 1e-3);
  }
}

TEST_CASE("N(0, 1) under the variance-preserving equation stays itself, to rounding", "[likelihood]") {
  const auto error =
      worst_error(sf::test::one_component(3, 0, 1), sf::AnySde<double>(sf::VariancePreserving<double>{}), 40, 1e-6);
  CHECK(error < 1e-13);  // roundings of x, some 30 evaluations
}

TEST_CASE("errors of log densities fall with the tolerance", "[likelihood]") {
  const auto data = sf::test::two_components(2);
  const sf::AnySde<double> sde = sf::RectifiedFlow<double>{};
  const double coarse = worst_error(data, sde, 40, 1e-3), fine = worst_error(data, sde, 40, 1e-7);
  CHECK(coarse < 0.03);
  CHECK(fine < 1e-5 * coarse + 1e-6);  // the first level of 1e-3 costs less than 1e-8
}

TEST_CASE("log densities at a time are those of the marginal", "[likelihood]") {
  const auto data = sf::test::two_components(3);
  const auto check = [&](const sf::AnySde<double>& sde, double t) {
    const auto marginal = data.distribution().evolved(sde.signal(t), sde.deviation(t));
    const sf::Matrix<double> x = marginal.sample(20, density_seed);
    const auto found = sf::log_density(MixtureDenoiser(data, sde), x, {.tolerance = 1e-7, .t = t});
    CHECK((found.value - marginal.log_density(x)).cwiseAbs().maxCoeff() < 2e-5);
  };
  check(sf::SubVariancePreserving<double>{}, 0.3);
  check(sf::EdmEquation<double>{}, 0.02);
  check(sf::RectifiedFlow<double>{}, 0.9);
}

TEST_CASE("the exact denoiser of a data set has the kernel density of its points", "[likelihood]") {
  const sf::Matrix<double> points{{0.0, 1.0, -0.5}, {0.0, 0.3, 1.2}};
  const sf::EmpiricalDenoiser model(sf::EdmEquation<double>{}, sf::Dataset<double>(points));
  constexpr double deviation = 0.4;  // at t = 0.005 of 80
  const sf::Matrix<double> x{{0.2, 0.9, -2.0}, {0.1, -0.4, 1.0}};
  const auto found = sf::log_density(model, x, {.tolerance = 1e-7, .t = deviation / 80});
  for (sf::Index j = 0; j < 3; ++j) {
    double sum = 0;
    for (sf::Index i = 0; i < 3; ++i)
      sum += std::exp(-(x.col(j) - points.col(i)).squaredNorm() / (2 * deviation * deviation)) / 3;
    const double truth = std::log(sum / (2 * std::numbers::pi * deviation * deviation));
    CHECK(std::abs(found.value(j) - truth) < 1e-4);  // the points' are no normal at sigma = 80, by (1 / 80)^3
  }
}

TEST_CASE("a linear denoiser has the density of its normal distribution", "[likelihood]") {
  const sf::Matrix<double> axes = sf::Matrix<double>{{2, -1, 2}, {2, 2, -1}, {-1, 2, 2}} / 3;
  const sf::Vector<double> mean{{0.3, -0.2, 1.0}}, deviation{{1.3, 0.5, 0.2}};
  const sf::Matrix<double> covariance = axes * deviation.cwiseAbs2().asDiagonal() * axes.transpose();
  const auto normal = sf::GaussianMixture<double>(sf::Vector<double>{{1}}, mean, {covariance});
  const auto x = normal.sample(10, density_seed);
  for (const auto& sde : all_equations<double>()) {
    sf::test::SomeModel<double> model{sde, sf::DynamicMlp<double>(3, {4}),
                                      sf::LinearDenoiserCorrection<double>(mean, deviation, axes), sf::Seed{1}};
    model.set_parameters(sf::Vector<double>::Zero(model.parameters().size()));
    const auto found = sf::log_density(model, x, {.tolerance = 1e-7});
    CHECK((found.value - normal.log_density(x)).cwiseAbs().maxCoeff() < 1e-5);
  }
}

TEST_CASE("the density of any network integrates to 1, in units that are no straight map too", "[likelihood]") {
  const auto sum = [](const sf::test::SomeModel<double>& model, double from, double to) {
    constexpr sf::Index n = 2000;
    sf::Matrix<double> x(1, n);
    for (sf::Index j = 0; j < n; ++j) x(0, j) = from + (to - from) * (static_cast<double>(j) + 0.5) / n;
    return sf::log_density(model, x, {.tolerance = 1e-5}).value.array().exp().sum() * (to - from) / n;
  };
  // Midpoints of smooth densities are exact; of those by ranks, which jump by up to 2 at 7 numbers, each jump errs by
  // up to its half times a step of 1 / 95.
  CHECK(std::abs(sum(some_model<double>(sf::VariancePreserving<double>{}, 1), -8, 8) - 1) < 1e-4);
  CHECK(std::abs(sum(some_model<double>(sf::RectifiedFlow<double>{}, 1), -8, 8) - 1) < 1e-4);
  sf::Matrix<double> data(1, 50);
  for (sf::Index j = 0; j < 50; ++j) data(0, j) = 0.1 + 3 * std::pow(static_cast<double>(j) / 49, 1.5);
  const auto in_units = [&](const sf::Row& row, double from, double to) {
    const sf::test::SomeModel<double> model{sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(1, {16}),
                                            sf::VelocityPrediction{}, sf::Units<double>::fit(data, {.rows = {row}}),
                                            sf::Seed{3}};
    return sum(model, from, to);
  };
  CHECK(std::abs(in_units(sf::Row::any(), -9, 11) - 1) < 1e-3);
  CHECK(std::abs(in_units(sf::Row::bounded(0, 4), 0, 4) - 1) < 3e-3);  // steep at its bounds
  CHECK(std::abs(in_units(sf::Row::ranked(), -9, 12) - 1) < 2e-2);
}

TEST_CASE("units count by the logarithm of their derivative", "[likelihood]") {
  sf::Matrix<double> data(2, 60);
  sf::Random(density_seed, "units").normal(sf::view(data), 0, 0);
  data.row(0) = 5 + 3 * data.row(0).array();
  data.row(1) = data.row(1).array().exp();
  const auto units = sf::Units<double>::fit(data, {.rows = {sf::Row::ranked(), sf::Row::positive()}});
  const auto bare = some_model<double>(sf::RectifiedFlow<double>{}, 2);
  const sf::test::SomeModel<double> model{bare.sde(), bare.network(), bare.prediction(), units, bare.parameters()};
  const sf::Matrix<double> x{{4.0, 6.1, 9.0}, {0.4, 1.5, 2.0}};
  const auto in_units = sf::log_density(model, x), own = sf::log_density(bare, units.to_model(x));
  constexpr double h = 1e-6;
  for (sf::Index j = 0; j < 3; ++j) {
    double slopes = 0;
    for (sf::Index i = 0; i < 2; ++i) {
      sf::Matrix<double> above = x.col(j), below = x.col(j);
      above(i, 0) += h, below(i, 0) -= h;
      slopes += std::log((units.to_model(above)(i, 0) - units.to_model(below)(i, 0)) / (2 * h));
    }
    CHECK(std::abs(in_units.value(j) - own.value(j) - slopes) < 1e-7);
  }
}

TEST_CASE("densities of conditions, and of guidance by weight 1, are those of the condition", "[likelihood]") {
  const auto model = some_model<double>(sf::RectifiedFlow<double>{}, 2, 3);
  const sf::Matrix<double> x{{0.5, -1.0}, {1.0, 0.2}}, each{{1.0, 0.0}, {0.0, 1.0}, {0.5, -0.5}};
  const auto both = sf::log_density(model, x, {.condition = each});
  for (sf::Index j = 0; j < 2; ++j) {
    const sf::Matrix<double> one = x.col(j), its = each.col(j);
    CHECK(sf::log_density(model, one, {.condition = its}).value(0) == both.value(j));
  }
  CHECK(sf::log_density(model, x, {.condition = sf::not_given<double>(3)}).value != both.value);
  CHECK(sf::log_density(sf::Guided{model, 1}, x, {.condition = each}).value == both.value);
  CHECK(sf::log_density(sf::Guided{model, 2}, x, {.condition = each}).value != both.value);
  CHECK_THROWS_WITH(sf::log_density(model, x), contains("log_density: expected a condition of 3 numbers"));
}

TEST_CASE("a sample's log density has the same bits whatever the others and the threads", "[likelihood]") {
  const auto check = [](const sf::test::SomeModel<float>& model, sf::DensityOptions options) {
    const sf::Matrix<float> x = some_points(model.dimension(), 150);
    options.threads = 1;
    const auto together = sf::log_density(model, x, options);
    options.threads = 3;
    const auto threads = sf::log_density(model, x, options);
    CHECK(threads.value == together.value);
    CHECK(threads.standard_error == together.standard_error);
    CHECK(threads.evaluations == together.evaluations);
    for (const auto& [first, count] : {std::pair<sf::Index, sf::Index>{0, 1}, {1, 80}, {81, 69}}) {
      options.first = first;
      const auto part = sf::log_density(model, x.middleCols(first, count), options);
      CHECK(part.value == together.value.segment(first, count));
      CHECK(part.standard_error == together.standard_error.segment(first, count));
    }
    // One that is hard, or none at all, changes no other.
    sf::Matrix<float> harder = x;
    harder.col(7) *= 30;
    options.first = 0;
    auto others = sf::log_density(model, harder, options).value;
    others(7) = together.value(7);
    CHECK(others == together.value);
  };
  check(some_model<float>(sf::VariancePreserving<float>{}, 2), {});
  check(some_model<float>(sf::RectifiedFlow<float>{}, 5), {.trace = sf::Trace::rademacher, .probes = 11});
  check(some_model<float>(sf::RectifiedFlow<float>{}, 5), {.trace = sf::Trace::normal, .probes = 2});
}

TEST_CASE("samples that arrive leave room for others, on more threads than there are cores too", "[likelihood]") {
  // Some of 5 samples on 4 threads, and of 100 on 16, are in more groups when there are fewer of them.
  const auto model = some_model<float>(sf::VariancePreserving<float>{}, 2);
  for (const auto& [n, threads] : {std::pair<sf::Index, int>{5, 4}, {100, 16}}) {
    const sf::Matrix<float> x = some_points(2, n);
    const auto alone = sf::log_density(model, x, {.tolerance = 1e-3, .threads = 1}).value;
    CHECK(sf::log_density(model, x, {.tolerance = 1e-3, .threads = threads}).value == alone);
  }
}

namespace {

/// A denoiser whose derivative is no number once.
struct OnceWithoutDerivative {
  using Scalar = double;
  struct Workspace {
    int asked = 0;
  };
  int at;  // the number of the product with the derivative that is none
  sf::VariancePreserving<double> equation{};

  const sf::VariancePreserving<double>& sde() const { return equation; }
  sf::Index dimension() const { return 1; }
  sf::Index chunk_size() const { return 8; }
  Workspace workspace() const { return {}; }
  void prior(sf::MatrixView<double>, Workspace&) const {}
  void denoise(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, Workspace&) const {
    for (sf::Index j = 0; j < batch.size(); ++j) out(0, j) = 0.9 * batch.alpha(j) * batch.x(0, j);
  }
  void denoise_forward(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, Workspace& w) const {
    denoise(batch, out, w);
  }
  void denoise_backward(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> by, sf::MatrixView<double> dx,
                        Workspace& w) const {
    ++w.asked;
    for (sf::Index j = 0; j < batch.size(); ++j)
      dx(0, j) = w.asked == at ? std::nan("") : 0.9 * batch.alpha(j) * by(0, j);
  }
};

}  // namespace

TEST_CASE("a derivative that is no number is found, at whatever stage of a step it is met", "[likelihood]") {
  const sf::Matrix<double> x{{0.5}};
  const auto evaluations = sf::log_density(OnceWithoutDerivative{0}, x).evaluations[0];
  CHECK(evaluations > 14);
  for (int at = 1; at <= static_cast<int>(evaluations); ++at) {
    CAPTURE(at);
    CHECK_THROWS_AS(sf::log_density(OnceWithoutDerivative{at}, x), sf::NonFinite);
  }
}

TEST_CASE("steps along the flow allocate nothing", "[likelihood]") {
  const auto model = some_model<float>(sf::VariancePreserving<float>{}, 3);
  for (const bool exact : {true, false}) {
    sf::detail::FlowPaths<sf::test::SomeModel<float>> paths(
        model, some_points(3, 100), sf::Matrix<float>(0, 100),
        {.operation = "test", .from = 1e-3, .to = 1.5, .opens = true, .threads = 1}, {.products = 3, .exact = exact});
    paths.step();
    CHECK(sf::test::count_allocations([&] {
            while (!paths.done()) paths.step();
          }) == 0);
    CHECK(paths.integrals().rows() == (exact ? 1 : 3));
  }
}

TEST_CASE("log_density says what it cannot work with", "[likelihood]") {
  const auto model = some_model<double>(sf::VariancePreserving<double>{}, 2);
  const sf::Matrix<double> x{{0.5, -1.0}, {1.0, 0.2}};
  const auto refuses = [&](const sf::DensityOptions& options, const char* part) {
    CHECK_THROWS_WITH(sf::log_density(model, x, options), contains(part));
    CHECK_THROWS_AS(sf::log_density(model, x, options), sf::InvalidArgument);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refuses({.tolerance = nan}, "log_density: expected a tolerance from 1e-12 to 0.1 and max_steps from 1 on, got nan");
  refuses({.tolerance = 0}, "got 0 and 1000");
  refuses({.trace = sf::Trace::normal, .probes = 1}, "expected 2 to 1048576 probes");
  refuses({.t = 1}, "expected a time in [0, 1), got 1");
  refuses({.first_level = 0}, "expected a first_level from");
  refuses({.t = 1e-9}, "expected t = 0, or a time of noise from first_level");
  refuses({.first_level = 1e6}, "got 1e+06");
  refuses({.max_steps = 2}, "expected every sample at its end within 2 steps, got 2 on their way, sample 0 at noise");
  refuses({.first = -1}, "a count and a first index");
  refuses({.condition = x}, "no condition");
  const sf::Matrix<double> rows(3, 1);
  CHECK_THROWS_WITH(sf::log_density(model, rows), contains("expected samples of 2 rows, as the model has, got 3 x 1"));
  sf::Matrix<double> broken = x;
  broken(1, 1) = nan;
  CHECK_THROWS_WITH(sf::log_density(model, broken), contains("expected finite samples, got a NaN or an infinity in "
                                                             "sample 1"));
  CHECK_THROWS_AS(sf::log_density(model, broken), sf::NonFinite);
  CHECK(sf::log_density(model, sf::Matrix<double>(2, 0)).value.size() == 0);
}
