#include "scorefield/sampler/concept.hpp"

#include <array>
#include <cstddef>

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler.hpp"

#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

using Trained = sf::ScoreModel<sf::VariancePreserving<float>, sf::Mlp<float, 2, 8>>;
using Exact = sf::test::ExactDenoiser<double>;
using Equation = sf::VariancePreserving<double>;

/// A rule that stands still.
struct Complete {
  using Scalar = double;
  static constexpr const char* name = "Complete";
  static constexpr std::size_t stages = 1, kept = 0;
  static constexpr sf::Estimate estimate = sf::Estimate::denoised;

  const sf::Vector<double>& times() const { return grid; }
  bool draws_noise() const { return false; }
  sf::EvaluationPoint<double> at(sf::Index step, std::size_t) const { return {grid(step)}; }
  auto move(sf::Index, std::size_t) const {
    return [](const auto& x, const auto&, const auto&) { return std::array{x}; };
  }

  sf::Vector<double> grid{{1.0, 0.5}};
};
struct WithoutTimes : Complete {
  void times() const {}
};
struct NoiseIsACount : Complete {
  int draws_noise() const { return 1; }
};
struct WithoutMove : Complete {
  void move() const {}
};
struct MovesColumns : Complete {
  void move() const {}  // hides the other
  auto move(sf::Index, std::size_t, const sf::SampleColumn<double, 0>&) const {
    return [](const auto& x, const auto&, const auto&) { return std::array{x}; };
  }
};
struct PointIsATime : Complete {
  double at(sf::Index step, std::size_t) const { return grid(step); }
};

template <class Rule>
struct Making {
  template <class E>
  Rule rule(const E&) const {
    return {};
  }
};
struct MakesOnce {
  template <class E>
  Complete rule(const E&) {
    return {};
  }
};

static_assert(sf::SamplingRule<Complete>);
static_assert(!sf::SamplingRule<WithoutTimes> && !sf::SamplingRule<NoiseIsACount>);
static_assert(!sf::SamplingRule<WithoutMove> && !sf::SamplingRule<PointIsATime>);
static_assert(sf::SamplingRule<MovesColumns>);
static_assert(sf::SamplingRule<sf::GridRule<sf::Ddim, Equation>>);
static_assert(sf::GridMethod<sf::Ddim, Equation> && sf::GridMethod<sf::EulerMaruyama, Equation>);

struct WithoutGrid {
  static constexpr const char* name = "WithoutGrid";
  sf::Index steps = 3;
  auto move(const auto&, sf::Index, std::size_t) const {
    return [](const auto& x, const auto&, const auto&) { return std::array{x}; };
  }
};
struct OnAGrid : WithoutGrid {
  using Grid = sf::UniformGrid;
};
struct GridWithoutTimes {
  static constexpr bool reaches_zero = true;
};
static_assert(sf::GridMethod<OnAGrid, Equation> && !sf::GridMethod<WithoutGrid, Equation>);
static_assert(sf::TimeGrid<sf::KarrasGrid, Equation> && !sf::TimeGrid<GridWithoutTimes, Equation>);
static_assert(sf::Sampler<OnAGrid, Exact> && !sf::Sampler<WithoutGrid, Exact>);

static_assert(sf::Sampler<sf::EulerMaruyama, Trained> && sf::Sampler<sf::EulerMaruyama, Exact>);
static_assert(sf::Sampler<sf::Ddim, Trained> && sf::Sampler<sf::Ddim, Exact>);
static_assert(sf::Sampler<sf::DpmSolverPlusPlus, Trained> && sf::Sampler<sf::DpmSolverPlusPlus, Exact>);
static_assert(sf::Sampler<Making<Complete>, Exact> && sf::Sampler<Complete, Exact>);
static_assert(!sf::Sampler<Making<WithoutMove>, Exact>);
static_assert(!sf::Sampler<MakesOnce, Exact>);
static_assert(!sf::Sampler<sf::EulerMaruyama, sf::GaussianMixture<double>>);  // a score, but no equation

template <class Model>
concept Starts = requires(Model&& model) {
  { sf::start(static_cast<Model&&>(model), sf::Ddim{}, 1, sf::Seed{}).done() } -> std::same_as<bool>;
};
static_assert(Starts<const Exact&> && Starts<Exact&>);
static_assert(!Starts<Exact>);  // it would be gone before the first step

}  // namespace

TEST_CASE("a sampler or a rule of the user's own is drawn from", "[sampler]") {
  const Exact model(sf::test::one_normal<double>());
  const auto prior = sf::start(model, sf::Ddim{}, 3, sf::Seed{0}).samples();
  CHECK(sf::sample(model, Making<Complete>{}, 3, sf::Seed{0}) == prior);
  CHECK(sf::sample(model, Complete{}, 3, sf::Seed{0}) == prior);
  CHECK(sf::sample(model, MovesColumns{}, 3, sf::Seed{0}) == prior);
  CHECK(sf::sample(model, OnAGrid{}, 3, sf::Seed{0}) == prior);
}
