#include "scorefield/model/score_model.hpp"

#include <limits>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

template <sf::Real Scalar>
auto make_model(std::uint64_t seed) {
  return sf::ScoreModel{sf::VariancePreserving<Scalar>{}, sf::Mlp<Scalar, 2, 16, 16>{}, sf::Seed{seed}};
}

template <sf::Real Scalar>
sf::Matrix<Scalar> points(sf::Index n) {
  sf::Matrix<Scalar> x(2, n);
  sf::Random(sf::Seed{5}, "points of this test").normal(sf::view(x), 0, 0);
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("a seed is a model", "[model]", float, double) {
  const auto model = make_model<TestType>(1);
  CHECK(model.dimension() == 2);
  CHECK(model.parameters().size() == model.network().layout().size());
  CHECK(model.parameters() == make_model<TestType>(1).parameters());
  CHECK((model.parameters().array() != make_model<TestType>(2).parameters().array()).all());
}

TEMPLATE_TEST_CASE("estimates of many samples are those of chunks, bit for bit", "[model]", float, double) {
  const auto model = make_model<TestType>(1);
  const sf::Index chunk = model.chunk_size();
  auto w = model.workspace();
  for (const sf::Index n : {sf::Index{1}, chunk - 1, chunk, chunk + 1, 3 * chunk + 7}) {
    CAPTURE(n);
    const auto x = points<TestType>(n);
    const auto t = static_cast<TestType>(0.3);
    const auto score = model.score(x, t), denoised = model.denoised(x, t);
    REQUIRE(score.cols() == n);
    REQUIRE(denoised.cols() == n);
    sf::Matrix<TestType> expected_score(2, n), expected(2, n), with_backward(2, n);
    // Pieces of another length, so that a sample's bits may not depend on its place in a chunk.
    const sf::Chunks pieces{n, 11};
    sf::NoiseLevels<TestType> levels(11);
    levels.fill(11, model.sde(), t);
    for (sf::Index i = 0; i < pieces.pieces(); ++i) {
      const sf::Index first = pieces.first(i), length = pieces.length(i);
      const auto batch = levels.around(sf::columns(x, first, length));
      model.score(batch, sf::columns(expected_score, first, length), w);
      model.denoise(batch, sf::columns(expected, first, length), w);
      model.denoise_forward(batch, sf::columns(with_backward, first, length), w);
    }
    CHECK(score == expected_score);
    CHECK(denoised == expected);
    CHECK(denoised == with_backward);
  }
  CHECK(model.score(sf::Matrix<TestType>(2, 0), TestType(0.5)).cols() == 0);
}

TEST_CASE("the score depends on time, and on the parameters that are set", "[model]") {
  auto model = make_model<double>(1);
  const auto x = points<double>(5);
  const auto before = model.score(x, 0.5);
  CHECK(before != model.score(x, 0.6));
  model.set_parameters(make_model<double>(2).parameters());
  CHECK(model.score(x, 0.5) == make_model<double>(2).score(x, 0.5));
  CHECK(model.score(x, 0.5) != before);
}

TEST_CASE("a score model refuses other shapes and times", "[model]") {
  const auto model = make_model<float>(1);
  const sf::Matrix<float> x = sf::Matrix<float>::Zero(2, 4), tall = sf::Matrix<float>::Zero(3, 4);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(model.score(tall, 0.5f), sf::InvalidArgument);
  CHECK_THROWS_WITH(model.score(tall, 0.5f),
                    contains("ScoreModel::score: expected samples of 2 rows, got 3 x 4; a column is a sample"));
  for (const float t : {0.0f, -0.1f, 1.1f, nan}) CHECK_THROWS_AS(model.score(x, t), sf::InvalidArgument);
  CHECK_THROWS_WITH(model.score(x, 1.5f),
                    contains("ScoreModel::score: expected a time in (0, 1], got 1.5; 0 is data and 1 is noise"));
  CHECK_NOTHROW(model.score(x, 1.0f));
  CHECK_THROWS_WITH(model.denoised(x, 0.0f), contains("ScoreModel::denoised: expected a time in (0, 1], got 0;"));
}

TEST_CASE("a score model refuses parameters that are not its own, and stays as it was", "[model]") {
  auto model = make_model<float>(1);
  const sf::Vector<float> before = model.parameters();
  // (2 + 1) x 16 + 16, 16 x 16 + 16, 16 x 2 + 2
  CHECK_THROWS_AS(model.set_parameters(sf::Vector<float>::Zero(3)), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      model.set_parameters(sf::Vector<float>::Zero(3)),
      contains("ScoreModel::set_parameters: expected 370 parameters, got 3; take them from a model with the same"));
  sf::Vector<float> bad = before;
  bad(17) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(model.set_parameters(bad), sf::NonFinite);
  CHECK_THROWS_WITH(model.set_parameters(bad), contains("expected finite parameters, got a NaN or an infinity;"));
  CHECK(model.parameters() == before);
}

TEST_CASE("batches that a workspace has no room for, or that do not fit together, are refused", "[model]") {
  const sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{0}};
  auto w = model.workspace();
  const auto score = [&](sf::Index d, sf::Index n, sf::Index times, sf::Index scores) {
    const sf::Matrix<float> x = sf::Matrix<float>::Zero(d, n), none(0, n);
    const sf::Vector<float> half = sf::Vector<float>::Constant(times, 0.5f);
    sf::Matrix<float> out(2, scores);
    const sf::NoisyBatch<float> batch{sf::view(x), sf::view(half), sf::view(half), sf::view(half), sf::view(none)};
    model.score(batch, sf::view(out), w);
    model.denoise(batch, sf::view(out), w);
  };
  const sf::Index n = model.chunk_size();
  score(2, n, n, n);
  score(2, 1, 1, 1);
  CHECK_THROWS_WITH(
      score(2, n + 1, n + 1, n + 1),
      test::contains(
          "ScoreModel::score: expected samples and results of 2 rows, a level and a condition of 0 rows for each, and "
          "at most 64 of them, got 2 x 65 samples, 2 x 65 results, 65 levels and 0 x 65 conditions;"));
  CHECK_THROWS_AS(score(3, n, n, n), sf::InvalidArgument);
  CHECK_THROWS_AS(score(2, n, n - 1, n), sf::InvalidArgument);
  CHECK_THROWS_AS(score(2, n, n, n - 1), sf::InvalidArgument);
}
