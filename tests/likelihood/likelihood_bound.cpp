#include "scorefield/likelihood/likelihood_bound.hpp"

#include <cmath>
#include <utility>

#include "scorefield/data/units.hpp"
#include "scorefield/likelihood/bits_per_dimension.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

#include "likelihood/exact_mixture.hpp"
#include "likelihood/some_model.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::MixtureDenoiser;

namespace {

constexpr sf::Seed bound_seed{41};

/// What a denoiser says, times a number.
template <class Of>
struct Scaled : Of {
  double factor;

  void denoise(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, typename Of::Workspace& w) const {
    Of::denoise(batch, out, w);
    out *= factor;
  }
};

}  // namespace

TEST_CASE("the bound of an exact denoiser is the log density, under every equation", "[likelihood]") {
  const auto data = sf::test::two_components(3);
  const auto distribution = data.distribution();
  const auto x = distribution.sample(150, bound_seed);
  const auto truth = distribution.log_density(x);
  const auto check = [&](const sf::AnySde<double>& sde) {
    const MixtureDenoiser model(data, sde);
    const auto bound = sf::likelihood_bound(model, x, {.draws = 64});
    const sf::Vector<double> off = bound.value - truth;
    const double error = bound.standard_error.norm() / 150;  // of the mean
    CAPTURE(off.mean(), error);
    CHECK(std::abs(off.mean()) < 4 * error);
    CHECK(error < 0.025);
    // Each is off by its error, of which the mean of 150 squares is 1, and more by the tails of 16 differences each.
    CHECK(std::abs(off.cwiseQuotient(bound.standard_error).squaredNorm() / 150 - 1.3) < 0.7);
    const auto many = sf::likelihood_bound(model, x.leftCols(3), {.draws = 4096});
    CHECK(((many.value - truth.head(3)).array().abs() < 4 * many.standard_error.array()).all());
    CHECK(many.standard_error.maxCoeff() < 0.06);
    const Scaled<std::remove_cvref_t<decltype(model)>> wrong{model, 0.8};
    const auto below = sf::likelihood_bound(wrong, x, {.draws = 64});
    CHECK((below.value - truth).mean() < -0.1);
  };
  check(sf::VariancePreserving<double>{});
  check(sf::SubVariancePreserving<double>{});
  check(sf::VarianceExploding<double>{});
  check(sf::EdmEquation<double>{});
  check(sf::RectifiedFlow<double>{});
}

TEST_CASE("a bound has the same bits whatever the others and the threads, units and conditions count", "[likelihood]") {
  sf::Matrix<float> data(2, 60), seen(1, 60);
  sf::Random(bound_seed, "data").normal(sf::view(data), 0, 0);
  sf::Random(bound_seed, "conditions").normal(sf::view(seen), 0, 0);
  data.row(0) = data.row(0).array().exp();
  const auto units =
      sf::Units<float>::fit(sf::Dataset<float>{data, seen}, {.rows = {sf::Row::positive(), sf::Row::any()}});
  const auto model = sf::test::some_model<float>(sf::VariancePreserving<float>{}, 2, 1, units);
  const auto all = sf::likelihood_bound(model, data, {.draws = 8, .threads = 1, .condition = seen});
  CHECK(sf::likelihood_bound(model, data, {.draws = 8, .threads = 3, .condition = seen}).value == all.value);
  for (const auto& [first, count] : {std::pair<sf::Index, sf::Index>{0, 1}, {1, 59}}) {
    const auto part = sf::likelihood_bound(model, data.middleCols(first, count),
                                           {.draws = 8, .first = first, .condition = seen.middleCols(first, count)});
    CHECK(part.value == all.value.segment(first, count));
    CHECK(part.standard_error == all.standard_error.segment(first, count));
  }
  const auto bare = sf::test::some_model<float>(sf::VariancePreserving<float>{}, 2, 1);
  const auto own =
      sf::likelihood_bound(bare, units.to_model(data), {.draws = 8, .condition = units.conditions_to_model(seen)});
  const sf::Vector<double> gain = units.log_derivative(data).cast<double>();
  CHECK((all.value - own.value - gain).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("likelihood_bound says what it cannot work with", "[likelihood]") {
  const MixtureDenoiser model(sf::test::two_components(2), sf::AnySde<double>(sf::RectifiedFlow<double>{}));
  const sf::Matrix<double> x = sf::Matrix<double>::Zero(2, 3), rows = sf::Matrix<double>::Zero(3, 1);
  CHECK_THROWS_WITH(sf::likelihood_bound(model, x, {.draws = 6}),
                    contains("likelihood_bound: expected draws in fours"));
  CHECK_THROWS_WITH(sf::likelihood_bound(model, x, {.first_level = -1}), contains("expected a first_level from"));
  CHECK_THROWS_WITH(sf::likelihood_bound(model, rows), contains("expected samples of 2 rows"));
  CHECK_THROWS_AS(sf::likelihood_bound(model, (x.array() / 0).matrix()), sf::NonFinite);
}

TEST_CASE("bits per dimension: uniform noise of 256 levels has 8 of them", "[likelihood]") {
  // On [0, 1], and on [-1, 1] where its density is 2^-d.
  CHECK(std::abs(sf::bits_per_dimension(sf::Vector<double>{{0.0}}, 784, 1.0 / 256)(0) - 8) < 1e-12);
  CHECK(std::abs(sf::bits_per_dimension(sf::Vector<double>{{-10 * std::log(2.0)}}, 10, 2.0 / 256)(0) - 8) < 1e-12);
  // A nat more a number takes 1 / log(2) bits less.
  const auto two = sf::bits_per_dimension(sf::Vector<double>{{0.0, 5.0}}, 5, 0.1);
  CHECK(std::abs(two(0) - two(1) - 1 / std::log(2.0)) < 1e-12);
  CHECK_THROWS_WITH(sf::bits_per_dimension(two, 0, 1), contains("bits_per_dimension: expected samples of one number"));
  CHECK_THROWS_WITH(sf::bits_per_dimension(two, 3, 0), contains("expected a positive, finite bin_width, got 0"));
}

TEST_CASE("dequantised numbers are uniform in the bins around theirs", "[likelihood]") {
  const sf::Matrix<float> x = sf::Matrix<float>::Constant(50, 40, 3);
  const auto spread = sf::dequantised(x, 0.5, sf::Seed{1});
  CHECK((spread.array() - 3).abs().maxCoeff() <= 0.25f);
  // 2,000 numbers: a mean within 4 deviations of 0.5 / sqrt(12 * 2000), and the variance 1 / 48 within 10 %.
  CHECK(std::abs(spread.mean() - 3) < 0.013);
  CHECK(std::abs((spread.array() - 3).square().mean() * 48 - 1) < 0.1);
  CHECK(sf::dequantised(sf::Matrix<float>(x.leftCols(4)), 0.5, sf::Seed{1}, 7) == spread.middleCols(7, 4));
  CHECK_THROWS_WITH(sf::dequantised(x, -1, sf::Seed{1}),
                    contains("dequantised: expected a positive, finite bin_width"));
  CHECK(sf::dequantised(sf::Matrix<float>(0, 0), 1, sf::Seed{1}).size() == 0);
}
