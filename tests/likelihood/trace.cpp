// Estimates of the trace, and what is asked back of models.
#include <array>
#include <cmath>
#include <utility>

#include "scorefield/file/any_model.hpp"
#include "scorefield/likelihood/log_density.hpp"
#include "scorefield/model/guided.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/sde/rectified_flow.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "likelihood/exact_mixture.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
using scorefield::test::MixtureDenoiser;

namespace {

constexpr sf::Seed trace_seed{23};

/// Estimates of log densities of samples of a mixture of 4 numbers, and the truth by the exact trace.
struct Estimated {
  sf::LogDensity found;
  sf::Vector<double> off;

  Estimated(sf::Index n, sf::Trace trace, sf::Index probes) {
    const auto data = sf::test::two_components(4);
    const MixtureDenoiser model(data, sf::AnySde<double>(sf::RectifiedFlow<double>{}));
    const auto x = data.distribution().sample(n, trace_seed);
    found = sf::log_density(model, x, {.tolerance = 1e-3, .trace = trace, .probes = probes, .seed = 5});
    off = found.value - sf::log_density(model, x, {.tolerance = 1e-3}).value;
  }
  double error() const { return std::sqrt(off.squaredNorm() / static_cast<double>(off.size())); }
};

/// A model's products with the derivative of D, by one forward for two of them, against central differences.
template <class Model>
double worst_difference(const Model& model, sf::Index k) {
  const sf::Index d = model.dimension(), n = 5;
  sf::Matrix<double> x(d, n), v(d, 2 * n), out(d, n), scratch(d, n), by_x(d, n), above(d, n), told(k + 1, n);
  const sf::Random random(trace_seed, "derivative");
  random.normal(sf::view(x), 0, 0);
  random.normal(sf::view(v), 0, 1);
  random.normal(sf::view(told), 0, 2);
  if (k == 0) told.resize(0, n);
  told.bottomRows(k > 0 ? 1 : 0).setOnes();
  sf::NoiseLevels<double> levels(n);
  for (sf::Index j = 0; j < n; ++j) levels.set(j, model.sde(), 0.15 + 0.15 * static_cast<double>(j));
  auto w = model.workspace();
  const auto batch = [&](const sf::Matrix<double>& at) {
    return levels.around(sf::view(at), sf::view(std::as_const(told)));
  };
  const auto seen = batch(x);
  model.denoise_forward(seen, sf::view(out), w);
  std::array<sf::Matrix<double>, 2> products;
  for (sf::Index m = 0; m < 2; ++m) {
    scratch = v.middleCols(m * n, n);
    model.denoise_backward(seen, sf::view(scratch), sf::view(by_x), w);
    products[static_cast<std::size_t>(m)] = by_x;
  }
  double worst = 0;
  constexpr double h = 1e-5;
  for (sf::Index i = 0; i < d; ++i) {
    sf::Matrix<double> moved = x;
    moved.row(i).array() += h;
    model.denoise(batch(moved), sf::view(above), w);
    moved.row(i).array() -= 2 * h;
    model.denoise(batch(moved), sf::view(out), w);
    const sf::Matrix<double> slope = (above - out) / (2 * h);
    for (sf::Index m = 0; m < 2; ++m)
      for (sf::Index j = 0; j < n; ++j)
        worst =
            std::max(worst, std::abs(products[static_cast<std::size_t>(m)](i, j) - slope.col(j).dot(v.col(m * n + j))));
  }
  return worst;
}

/// Of parts known at run time, for one model to be compiled.
sf::AnyModel<double> of_random_weights(sf::AnyNetwork<double> network) {
  sf::AnyModel<double> model(sf::VariancePreserving<double>{}, std::move(network), sf::VelocityPrediction{},
                             sf::Units<double>{}, sf::Seed{2});
  sf::Matrix<double> p(model.parameters().size(), 1);
  sf::Random(trace_seed, "weights").normal(sf::view(p), 0, 0);
  model.set_parameters(0.2 * p.col(0));
  return model;
}

}  // namespace

TEST_CASE("intervals by the standard error cover the log density as often as they say", "[likelihood]") {
  for (const auto trace : {sf::Trace::rademacher, sf::Trace::normal}) {
    const Estimated of(2000, trace, 24);
    sf::Index covered = 0;
    for (sf::Index j = 0; j < 2000; ++j) covered += std::abs(of.off(j)) < 1.96 * of.found.standard_error(j);
    CAPTURE(covered);
    // 95 % but for what 24 probes make of the normal quantile, 93.8 %, and three deviations of 0.5 %.
    CHECK(covered > 1840);
    CHECK(covered < 1960);
  }
}

TEST_CASE("the error of estimated traces falls as one by the root of their probes", "[likelihood]") {
  const double few = Estimated(500, sf::Trace::rademacher, 4).error(),
               many = Estimated(500, sf::Trace::rademacher, 64).error();
  CHECK(std::abs(few / many / 4 - 1) < 0.15);  // each is known within 1 / sqrt(2 * 500) = 3 %, and 10 % by its tails
}

TEST_CASE("Rademacher's probes tell the trace of a diagonal derivative exactly", "[likelihood]") {
  const auto data = sf::test::one_component(5, 0.3, 0.4);
  const MixtureDenoiser model(data, sf::AnySde<double>(sf::VariancePreserving<double>{}));
  const auto x = data.distribution().sample(10, trace_seed);
  const auto exact = sf::log_density(model, x);
  const auto signs = sf::log_density(model, x, {.trace = sf::Trace::rademacher, .probes = 2});
  CHECK(signs.standard_error.maxCoeff() < 1e-13);
  CHECK((signs.value - exact.value).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(sf::log_density(model, x, {.trace = sf::Trace::normal, .probes = 2}).standard_error.minCoeff() > 1e-4);
}

TEST_CASE("traces are exact up to 32 numbers, and estimated beyond", "[likelihood]") {
  const auto error_of = [](sf::Index d) {
    const auto model = of_random_weights(sf::DynamicMlp<double>(d, {8}));
    sf::Matrix<double> x(d, 2);
    sf::Random(trace_seed, "points").normal(sf::view(x), 0, 0);
    return sf::log_density(model, x, {.tolerance = 1e-2}).standard_error.maxCoeff();
  };
  CHECK(error_of(32) == 0);
  CHECK(error_of(33) > 0);
}

TEST_CASE("models can be asked back twice after one forward", "[likelihood]") {
  // Central differences of numbers up to 10, by 1e-5.
  CHECK(worst_difference(of_random_weights(sf::DynamicMlp<double>(3, {16, 16})), 0) < 1e-7);
  CHECK(worst_difference(of_random_weights(sf::ResidualMlp<double>(3)), 0) < 1e-5);
  CHECK(worst_difference(of_random_weights(sf::UNet<double>({4, 4, 1}, {.widths = {8, 16}, .heads = 2})), 0) < 1e-5);
  CHECK(worst_difference(
            MixtureDenoiser(sf::test::two_components(3), sf::AnySde<double>(sf::VariancePreserving<double>{})), 0) <
        1e-7);
}

TEST_CASE("a guided denoiser is asked back with and without its condition", "[likelihood]") {
  const auto model = of_random_weights(sf::DynamicMlp<double>(3, {16, 16}, {.condition = 2}));
  for (const double weight : {0.0, 1.0, 2.5}) CHECK(worst_difference(sf::Guided{model, weight}, 2) < 1e-7);
  CHECK(worst_difference(sf::Guided{model, 2.5, {.from = 0.25, .to = 0.5}}, 2) < 1e-7);
  CHECK(worst_difference(sf::Guided{model, 0, {.from = 0.25, .to = 0.5}}, 2) < 1e-7);
}

TEST_CASE("a model whose parts are known at run time has the densities of the one of known types", "[likelihood]") {
  const sf::DynamicMlp<double> network(2, {16});
  const auto any = of_random_weights(network);
  const sf::ScoreModel model{sf::VariancePreserving<double>{}, network, sf::VelocityPrediction{}, sf::NoUnits{},
                             any.parameters()};
  const sf::Matrix<double> x{{0.4, -1.0}, {0.7, 0.1}};
  const auto density = sf::log_density(model, x).value;
  CHECK(sf::log_density(any, x).value == density);
  const sf::test::Folder folder("density_of_a_file");
  sf::save(folder.path / "model.safetensors", model);
  CHECK(sf::log_density(sf::load_any<double>(folder.path / "model.safetensors"), x).value == density);
}
