#include "scorefield/likelihood/latents.hpp"

#include <cmath>
#include <utility>

#include "scorefield/data/units.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

#include "likelihood/exact_mixture.hpp"
#include "likelihood/some_model.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::MixtureDenoiser;

namespace {

constexpr sf::Seed latent_seed{31};

sf::AnySde<double> flow() { return sf::RectifiedFlow<double>{}; }

/// Of a user's own that cannot be asked back.
struct ForwardAlone {
  using Scalar = double;
  struct Workspace {};
  MixtureDenoiser<sf::AnySde<double>> of;
  bool flat = false;  // a prior without a density

  const auto& sde() const { return of.sde(); }
  sf::Index dimension() const { return of.dimension(); }
  sf::Index chunk_size() const { return 5; }
  Workspace workspace() const { return {}; }
  void prior(sf::MatrixView<double> z, Workspace&) const {
    auto w = of.workspace();
    of.prior(z, w);
    if (flat) z.row(0) = z.row(1);
  }
  void denoise(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, Workspace&) const {
    auto w = of.workspace();
    of.denoise(batch, out, w);
  }
};

}  // namespace

TEST_CASE("the latents of one normal distribution are its standard scores", "[likelihood]") {
  const auto data = sf::test::one_component(3, 0.7, 0.3);
  const auto x = data.distribution().sample(40, latent_seed);
  const sf::Matrix<double> z = (x.array() - 0.7) / std::sqrt(0.3);
  const auto check = [&](const sf::AnySde<double>& sde) {
    const MixtureDenoiser model(data, sde);
    CHECK((sf::encode(model, x, {.tolerance = 1e-7}) - z).cwiseAbs().maxCoeff() < 2e-6);
    CHECK((sf::decode(model, z, {.tolerance = 1e-7}) - x).cwiseAbs().maxCoeff() < 2e-6);
  };
  check(sf::VariancePreserving<double>{});
  check(sf::SubVariancePreserving<double>{});
  check(sf::VarianceExploding<double>{});
  check(sf::EdmEquation<double>{});
  check(sf::RectifiedFlow<double>{});
}

TEST_CASE("data come back from their latents", "[likelihood]") {
  const auto data = sf::test::two_components(2);
  const sf::Matrix<double> x = data.distribution().sample(60, latent_seed);
  const auto check = [&]<sf::Real Scalar>(const sf::AnySde<Scalar>& sde) {
    const auto error = sf::round_trip_error(MixtureDenoiser(data, sde), x.cast<Scalar>());
    CHECK(error.size() == 60);
    CHECK(error.maxCoeff() < Scalar(1e-3));
    CHECK(error.maxCoeff() > 0);
  };
  check(sf::AnySde<float>(sf::VariancePreserving<float>{}));
  check(sf::AnySde<double>(sf::VariancePreserving<double>{}));
  check(sf::AnySde<float>(sf::SubVariancePreserving<float>{}));
  check(sf::AnySde<float>(sf::VarianceExploding<float>{}));
  check(sf::AnySde<float>(sf::EdmEquation<float>{}));
  check(sf::AnySde<float>(sf::RectifiedFlow<float>{}));
}

TEST_CASE("latents need no derivative, and are what samplers decode", "[likelihood]") {
  const ForwardAlone model{MixtureDenoiser(sf::test::two_components(2), flow())};
  static_assert(!sf::DifferentiableDenoiser<ForwardAlone>);
  sf::Matrix<double> z(2, 12);
  sf::Random(latent_seed, "prior").normal(sf::view(z), 0, 0);
  const auto x = sf::decode(model, z, {.tolerance = 1e-7});
  const auto drawn = sf::sample(model, sf::DormandPrince{.rtol = 1e-7, .atol = 1e-7}, 12, latent_seed);
  CHECK((x - drawn).cwiseAbs().maxCoeff() < 1e-5);  // which denoises at t = 1e-3
  CHECK((sf::encode(model, x, {.tolerance = 1e-7}) - z).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("a latent has the same bits whatever the others and the threads, units and conditions too", "[likelihood]") {
  sf::Matrix<float> data(3, 90), seen(2, 90);
  sf::Random(latent_seed, "data").normal(sf::view(data), 0, 0);
  sf::Random(latent_seed, "conditions").normal(sf::view(seen), 0, 0);
  data.row(0) = data.row(0).array().exp();
  const auto units = sf::Units<float>::fit(sf::Dataset<float>{data, seen},
                                           {.rows = {sf::Row::positive(), sf::Row::any(), sf::Row::any()}});
  const auto model = sf::test::some_model<float>(sf::VariancePreserving<float>{}, 3, 2, units);
  const auto z = sf::encode(model, data, {.threads = 1, .condition = seen});
  const auto x = sf::decode(model, z, {.threads = 1, .condition = seen});
  CHECK((x - data).cwiseAbs().maxCoeff() < 3e-3f);  // numbers up to 10
  CHECK(sf::encode(model, data, {.threads = 3, .condition = seen}) == z);
  CHECK(sf::decode(model, z, {.threads = 3, .condition = seen}) == x);
  for (const auto& [first, count] : {std::pair<sf::Index, sf::Index>{0, 7}, {7, 83}}) {
    const sf::Condition part = seen.middleCols(first, count);
    CHECK(sf::encode(model, data.middleCols(first, count), {.condition = part}) == z.middleCols(first, count));
    CHECK(sf::decode(model, z.middleCols(first, count), {.condition = part}) == x.middleCols(first, count));
  }
}

TEST_CASE("interpolation goes along the great circle, with lengths in proportion", "[likelihood]") {
  const sf::Matrix<double> from{{2.0, 1.0, 0.0}, {0.0, 1.0, 0.0}}, to{{0.0, 3.0, 1.0}, {4.0, 3.0, 1.0}};
  CHECK((sf::interpolate(from, to, 0.0) - from).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((sf::interpolate(from, to, 1.0) - to).cwiseAbs().maxCoeff() < 1e-15);
  const auto third = sf::interpolate(from, to, 1.0 / 3);
  const double length = 2 + 2.0 / 3, angle = std::acos(-1.0) / 6;
  CHECK(std::abs(third(0, 0) - length * std::cos(angle)) < 1e-14);
  CHECK(std::abs(third(1, 0) - length * std::sin(angle)) < 1e-14);
  CHECK(std::abs(third(0, 1) - (1 + 2.0 / 3)) < 1e-14);  // of one direction
  CHECK(std::abs(third(0, 2) - 1.0 / 3) < 1e-15);        // of none
}

TEST_CASE("latents say what they cannot work with", "[likelihood]") {
  const MixtureDenoiser model(sf::test::two_components(2), flow());
  const sf::Matrix<double> x = sf::Matrix<double>::Zero(2, 3), rows = sf::Matrix<double>::Zero(3, 1);
  CHECK_THROWS_WITH(sf::encode(model, rows), contains("encode: expected samples of 2 rows"));
  CHECK_THROWS_WITH(sf::decode(model, rows), contains("decode: expected samples of 2 rows"));
  CHECK_THROWS_WITH(sf::decode(model, x, {.max_steps = 1}),
                    contains("decode: expected every sample at its end within 1"));
  CHECK_THROWS_WITH(sf::encode(model, x, {.tolerance = 0}), contains("encode: expected a tolerance"));
  CHECK_THROWS_WITH(sf::encode(ForwardAlone{model, true}, x), contains("encode: expected a prior that has a density"));
  CHECK_THROWS_AS(sf::decode(model, (x.array() / 0).matrix()), sf::NonFinite);
  CHECK_THROWS_WITH(sf::interpolate(x, rows, 0.5),
                    contains("interpolate: expected latents of one shape, 2 x 3, got 3 x 1"));
  CHECK_THROWS_WITH(sf::interpolate(x, x, 1.5), contains("a share in [0, 1], got 1.5"));
  const sf::Matrix<double> one = sf::Matrix<double>::Ones(2, 1), opposite = -one;
  CHECK_THROWS_WITH(sf::interpolate(one, opposite, 0.5), contains("latents that are not opposite"));
}
