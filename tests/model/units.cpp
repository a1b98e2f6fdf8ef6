#include "scorefield/data/units.hpp"

#include <cmath>
#include <string>

#include "scorefield/core/random.hpp"
#include "scorefield/model/guided.hpp"
#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/objective/mean_loss.hpp"
#include "scorefield/optimizer/adam.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

using VP = sf::VariancePreserving<double>;

/// Two columns and a condition: of mean 1,000 and deviation 50, of mean -3e-3 and deviation 1e-3, and of mean 200.
sf::Dataset<double> far_data(sf::Index n = 256) {
  sf::Matrix<double> x(2, n), c(1, n);
  sf::Random(sf::Seed{5}, "far").normal(sf::view(x), 0, 0);
  sf::Random(sf::Seed{6}, "far").normal(sf::view(c), 0, 0);
  x.row(0) = 50 * x.row(0).array() + 1000;
  x.row(1) = 1e-3 * x.row(1).array() - 3e-3;
  c = 20 * c.array() + 200;
  return {x, c};
}

auto with_units(const sf::Dataset<double>& data) {
  return sf::ScoreModel{VP{}, sf::DynamicMlp<double>(2, {8}, {.condition = 1}), sf::Units<double>::fit(data),
                        sf::Seed{0}};
}
auto without_units() { return sf::ScoreModel{VP{}, sf::DynamicMlp<double>(2, {8}, {.condition = 1}), sf::Seed{0}}; }
const sf::Trainer far_trainer{sf::DenoisingScoreMatching<>{.condition_dropout = 0.1}, sf::Adam{}};

}  // namespace

TEST_CASE("samples of one number have units as well", "[model][units]") {
  const sf::Dataset<double> data(sf::Matrix<double>(far_data().samples().topRows(1)));
  const auto units = sf::Units<double>::fit(data);
  const sf::VariancePreserving<double> sde;
  const sf::ScoreModel in_data_units{sde, sf::DynamicMlp<double>{1, {4}}, units, sf::Seed{0}};
  const sf::ScoreModel in_own{sde, sf::DynamicMlp<double>{1, {4}}, sf::Seed{0}};
  CHECK(sf::mean_loss(sf::DenoisingScoreMatching{}, in_data_units, data, sf::Seed{3}) ==
        sf::mean_loss(sf::DenoisingScoreMatching{}, in_own, units.to_model(data), sf::Seed{3}));
}

TEST_CASE("a model with units learns what one without them learns of data in its own", "[model][units]") {
  const auto data = far_data();
  auto in_data_units = with_units(data);
  const auto& units = in_data_units.units();
  const auto own = units.to_model(data);
  auto in_own = without_units();
  const sf::TrainingOptions options{.steps = 20, .batch_size = 32};
  far_trainer.fit(in_data_units, data, options);
  far_trainer.fit(in_own, own, options);
  CHECK(in_data_units.parameters() == in_own.parameters());
  CHECK(sf::mean_loss(sf::DenoisingScoreMatching{}, in_data_units, data, sf::Seed{3}) ==
        sf::mean_loss(sf::DenoisingScoreMatching{}, in_own, own, sf::Seed{3}));

  const sf::Matrix<double> c{{230, 170, 200}};
  const sf::Matrix<double> own_c = units.conditions_to_model(c);
  const auto draw = [](const auto& model, const auto& condition) {
    return sf::sample(model, sf::DpmSolverPlusPlus{.steps = 5}, 3, sf::Seed{1}, {.condition = condition});
  };
  CHECK(draw(in_data_units, c) == units.to_data(draw(in_own, own_c)));
  CHECK(draw(in_data_units, sf::not_given<double>(1)) == units.to_data(draw(in_own, sf::not_given<double>(1))));
  CHECK(draw(sf::Guided{in_data_units, 2}, c) == units.to_data(draw(sf::Guided{in_own, 2}, own_c)));

  for (const auto& wrong : {sf::Matrix<double>(), sf::Matrix<double>(2, 1)})
    CHECK_THROWS_WITH(draw(in_data_units, wrong), contains("sample: expected a condition of 1 "));

  const sf::Matrix<double> x = data.samples().leftCols(3), z = units.to_model(x);
  CHECK(in_data_units.denoised(x, 0.3, c) == units.to_data(in_own.denoised(z, 0.3, own_c)));
  const auto score = in_data_units.score(x, 0.3, c), own_score = in_own.score(z, 0.3, own_c);
  // Straight maps: a score by u is that by z over the deviation.
  const sf::Matrix<double> slopes = (units.to_model(sf::Matrix<double>(x.array() + 1)) - z).rowwise().mean();
  for (sf::Index i = 0; i < 2; ++i)
    CHECK((score.row(i) - slopes(i) * own_score.row(i)).cwiseAbs().maxCoeff() <
          1e-9 * score.row(i).cwiseAbs().maxCoeff());
}

TEST_CASE("steppers show and take samples in the data's units, there and back", "[model][units]") {
  const auto data = far_data();
  const auto model = with_units(data);
  const sf::Matrix<double> c{{200}};
  auto stepper = sf::start(model, sf::Ddim{.steps = 3}, 2, sf::Seed{1}, {.condition = c});
  while (!stepper.done()) stepper.step();
  CHECK(stepper.samples() == sf::sample(model, sf::Ddim{.steps = 3}, 2, sf::Seed{1}, {.condition = c}));
  CHECK(sf::start(model, sf::Ddim{.steps = 3}, stepper.samples(), sf::Seed{1}, {.condition = c})
            .samples()
            .isApprox(stepper.samples(), 1e-12));
}

TEST_CASE("units that are not the network's are refused", "[model][units]") {
  const auto data = far_data();
  const auto build = [](sf::Index d, sf::Index k, const auto& units) {
    return sf::ScoreModel{VP{}, sf::DynamicMlp<double>(d, {4}, {.condition = k}), units, sf::Seed{0}};
  };
  const auto units = sf::Units<double>::fit(data);
  CHECK_NOTHROW(build(2, 1, units));
  CHECK_THROWS_WITH(build(3, 1, units),
                    contains("units of samples of 3 numbers and conditions of 1, as the network has, "
                             "got 2 and 1"));
  CHECK_THROWS_AS(build(2, 0, units), sf::InvalidArgument);
  CHECK_THROWS_AS(build(2, 1, sf::Units<double>::fit(sf::Dataset<double>(data.samples()))), sf::InvalidArgument);
  CHECK_NOTHROW(build(3, 1, sf::Units<double>{}));  // which change nothing
}

TEST_CASE("a linear denoiser of data in their own units is refused beside units", "[model][units]") {
  const sf::Dataset<double> data(far_data().samples());
  const auto units = sf::Units<double>::fit(data);
  const auto build = [&](const sf::Dataset<double>& fitted_to) {
    using Correction = sf::LinearDenoiserCorrection<double>;
    return sf::ScoreModel{VP{}, sf::DynamicMlp<double>(2, {4}), Correction::fit(fitted_to), units, sf::Seed{0}};
  };
  CHECK_NOTHROW(build(units.to_model(data)));
  CHECK_THROWS_WITH(build(data), contains("fit it to what the network sees, units.to_model(data)"));
  // Either is enough: a mean of 10, a deviation of 10.
  const sf::Dataset<double> own = units.to_model(data);
  const sf::Matrix<double> shifted = own.samples().array() + 10, spread = 10 * own.samples();
  for (const auto& other : {shifted, spread}) CHECK_THROWS_AS(build(other), sf::InvalidArgument);
}

TEST_CASE("badly scaled data are refused by a model without units, with what to do", "[model][units]") {
  const auto start = [](const sf::Matrix<double>& x, const sf::Matrix<double>& c) {
    const auto model = without_units();
    const sf::Dataset<double> data(x, c);
    far_trainer.start(model, data, {.steps = 1});
  };
  sf::Matrix<double> x(2, 1000), c(1, 1000);
  sf::Random(sf::Seed{5}, "near").normal(sf::view(x), 0, 0);
  sf::Random(sf::Seed{6}, "near").normal(sf::view(c), 0, 0);
  const auto scaled = [](const sf::Matrix<double>& numbers, double factor, double shift) {
    sf::Matrix<double> other = numbers;
    other.row(other.rows() - 1) = factor * other.row(other.rows() - 1).array() + shift;
    return other;
  };
  for (const double fine : {0.7, 0.2, 4.5}) {
    CHECK_NOTHROW(start(fine * x, c));
    CHECK_NOTHROW(start(x, fine * c));
  }
  CHECK_NOTHROW(start(scaled(x, 0, 2), c));  // a constant
  CHECK_NOTHROW(start(scaled(x, 1, -4.5), scaled(c, 1, 4.5)));
  CHECK_THROWS_WITH(
      start(scaled(x, 569, 0), c),
      contains("data of mean about 0 and deviation about 1, for the model has no units, got mean ") &&
          contains(" in row 1; give it the data's: ScoreModel{equation, network, Units<double>::fit(data)"));
  CHECK_THROWS_WITH(start(scaled(x, 0.0026, 0), c), contains("in row 1"));
  CHECK_THROWS_WITH(start(scaled(x, 1, 7), c), contains("in row 1"));
  CHECK_THROWS_WITH(start(scaled(x, 0, -6), c), contains("got mean -6 and deviation 0"));
  CHECK_THROWS_WITH(start(x, scaled(c, 569, 0)), contains("conditions of mean about 0"));
  CHECK_THROWS_WITH(start(x, scaled(c, 0.01, 0)), contains("conditions of mean about 0"));
  // Labels of many classes are rare, and their rows have small deviations.
  sf::Matrix<double> rare = sf::Matrix<double>::Zero(1, 1000);
  rare(0, 17) = 1;
  CHECK_NOTHROW(start(x, rare));
  c.col(3) = sf::not_given<double>(1);
  CHECK_NOTHROW(start(x, c));
}

TEST_CASE("of images the channels are looked at, whose pixels may be dark", "[model][units]") {
  const sf::ScoreModel model{
      VP{}, sf::UNet<double>({.height = 2, .width = 2, .channels = 2}, {.widths = {8}, .groups = 2}), sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  sf::Matrix<double> x(8, 500);
  sf::Random(sf::Seed{7}, "images").normal(sf::view(x), 0, 0);
  x.topRows(2) *= 1e-3;
  const sf::Dataset<double> dark_corner(x);
  CHECK_NOTHROW(trainer.start(model, dark_corner, {.steps = 1}));
  for (sf::Index i = 1; i < 8; i += 2) x.row(i) *= 1e-3;
  const sf::Dataset<double> dark_channel(x);
  CHECK_THROWS_WITH(trainer.start(model, dark_channel, {.steps = 1}), contains("in channel 1"));
}
