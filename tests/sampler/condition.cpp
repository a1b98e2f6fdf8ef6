// Samples that are given something.
#include <cstdint>
#include <limits>

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

auto given_two() {
  return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(3, {16}, {.condition = 2}), sf::Seed{3}};
}

constexpr sf::DpmSolverPlusPlus conditional_sampler{.steps = 6};

template <class Model>
auto draw(const Model& model, sf::Index count, const sf::Condition& condition, std::int64_t first = 0,
          int threads = 1) {
  return sf::sample(model, conditional_sampler, count, sf::Seed{4},
                    {.first = first, .threads = threads, .condition = condition});
}

}  // namespace

TEST_CASE("a sample's bits depend on its own condition alone", "[sampler]") {
  const auto model = given_two();
  sf::Matrix<float> conditions(2, 150);
  sf::Random(sf::Seed{8}, "conditions").normal(sf::view(conditions), 0, 0);
  conditions.col(70) = sf::not_given<float>(2);
  const auto all = draw(model, 150, conditions);
  CHECK(draw(model, 150, conditions, 0, 3) == all);
  CHECK(draw(model, 50, conditions.middleCols(60, 50), 60) == all.middleCols(60, 50));
  CHECK(draw(model, 1, conditions.col(70), 70) == all.col(70));
  CHECK(draw(model, 3, conditions.col(7), 6).col(1) == all.col(7));  // one for all
  CHECK(draw(model, 3, conditions.col(7).cast<double>(), 6).col(1) == all.col(7));
  CHECK(draw(model, 150, sf::Matrix<float>::Zero(2, 1)).col(70) != all.col(70));  // 0 is not "not given"
}

TEST_CASE("a U-Net is given conditions", "[sampler]") {
  const sf::UNet<float> network({4, 4, 1}, {.widths = {4}, .groups = 2, .embedding = 8, .condition = 2});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, network, sf::Seed{3}};
  sf::Vector<float> p(model.parameters().size());
  sf::Random(sf::Seed{8}, "parameters").normal(sf::MatrixView<float>(p.data(), p.size(), 1), 0, 0);
  model.set_parameters(p / 10);
  CHECK(draw(model, 2, sf::Matrix<float>{{1}, {0}}) != draw(model, 2, sf::Matrix<float>{{0}, {1}}));
}

TEST_CASE("the model's estimates are given conditions", "[sampler]") {
  const auto model = given_two();
  const sf::Matrix<float> x = sf::Matrix<float>::Ones(3, 5), one{{1}, {2}};
  CHECK(model.denoised(x, 0.5f, one) == model.denoised(x, 0.5f, one.replicate(1, 5)));
  CHECK(model.denoised(x, 0.5f, one) != model.denoised(x, 0.5f, sf::not_given<float>(2)));
  CHECK_THROWS_AS(model.score(x, 0.5f), sf::InvalidArgument);
}

TEST_CASE("conditions that are missing, superfluous or of another shape are refused", "[sampler]") {
  const auto model = given_two();
  CHECK_THROWS_WITH(draw(model, 5, {}), contains("sample: expected a condition of 2 numbers"));
  CHECK_THROWS_WITH(draw(model, 5, sf::Matrix<float>::Zero(3, 1)),
                    contains("of 2 rows, as the model is told, got 3 x 1"));
  CHECK_THROWS_WITH(draw(model, 5, sf::Matrix<float>::Zero(2, 4)), contains("one for each of 5, got 4"));
  CHECK_THROWS_AS(draw(model, 5, sf::Matrix<float>{{std::numeric_limits<float>::infinity()}, {0}}), sf::NonFinite);
  CHECK_THROWS_AS(draw(model, 5, sf::Matrix<float>{{std::numeric_limits<float>::quiet_NaN()}, {0}}), sf::NonFinite);
  const sf::ScoreModel none{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{3}};
  CHECK_THROWS_WITH(draw(none, 5, sf::Matrix<float>{{1}}), contains("no condition, for the model is told none"));
}
