// What the stepper offers to rules that none of the library's asks for yet: given samples, rising times, stages that
// evaluate elsewhere, and times of each sample's own.
#include "scorefield/sampler/stepper.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "scorefield/sampler.hpp"

#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using Model = sf::test::ExactDenoiser<double>;
using Equation = sf::VariancePreserving<double>;
using Samples = sf::Matrix<double>;

namespace {

constexpr sf::Seed stepper_seed{3};

/// Heun's method on the probability flow dx/dt = f x - g^2 score / 2: a step of Euler's to the next time, where the
/// slope is taken again. It keeps the slope and where Euler's step led.
struct HeunOfScores {
  static constexpr const char* name = "HeunOfScores";
  static constexpr std::size_t stages = 2, kept = 2;
  static constexpr sf::Estimate estimate = sf::Estimate::score;
  using Grid = sf::UniformGrid;
  sf::Index steps;

  sf::EvaluationPoint<double> at(const auto& path, sf::Index step, std::size_t stage) const {
    return stage == 0 ? sf::EvaluationPoint<double>{path.time(step)}
                      : sf::EvaluationPoint<double>{path.time(step + 1), 2};
  }

  auto move(const auto& path, sf::Index step, std::size_t stage) const {
    const double t = at(path, step, stage).time, h = path.time(step + 1) - path.time(step);
    const double g = path.sde().diffusion(t);
    const auto drift = sf::broadcast(path.sde().drift(t)), pull = sf::broadcast(-g * g / 2);
    const auto whole = sf::broadcast(h), half = sf::broadcast(h / 2);
    return [=](const auto& x, const auto& score, const auto& slope, const auto& ahead, const auto&) {
      const auto& point = stage == 0 ? x : ahead;
      const auto here = sf::multiply_add(pull, score, sf::multiply(drift, point));
      if (stage == 0) return std::array{x, here, sf::multiply_add(whole, here, x)};
      return std::array{sf::multiply_add(half, sf::add(slope, here), x), slope, ahead};
    };
  }
};

/// DDIM to an end of each sample's own: sample j of a batch leaves the grid after j more steps than the first.
struct Staggered {
  using Scalar = double;
  static constexpr const char* name = "Staggered";
  static constexpr std::size_t stages = 1, kept = 0;
  static constexpr sf::Estimate estimate = sf::Estimate::denoised;
  Equation sde;
  sf::Vector<double> grid;

  const sf::Vector<double>& times() const { return grid; }
  bool draws_noise() const { return false; }
  double time_of(sf::Index step, sf::Index j) const { return grid(std::min(step, j + 1)); }
  sf::EvaluationPoint<double> at(sf::Index step, std::size_t, sf::Index j) const { return {time_of(step, j)}; }
  auto move(sf::Index step, std::size_t, const auto& column) const {
    const sf::DenoisedStep<double> flow(sde, time_of(step, column.index), time_of(step + 1, column.index));
    return [flow](const auto& x, const auto& x0, const auto&) { return std::array{flow.moved(x, x0)}; };
  }
};

sf::Vector<double> grid(const Model& model, sf::Index steps) {
  return sf::time_grid("test", sf::LogSnrGrid{}, model.sde(), {steps, 0.01, false});
}

Samples run(const Model& model, const auto& rule, const Samples& from) {
  auto stepper = sf::start(model, rule, from, stepper_seed);
  while (!stepper.done()) stepper.step();
  return stepper.samples();
}

}  // namespace

TEST_CASE("a stepper goes on from given samples as from those it drew", "[sampler]") {
  const Model model(sf::test::two_normals<double>());
  const auto check = [&](const auto& sampler) {
    const auto prior = sf::start(model, sampler, 100, stepper_seed).samples();
    CHECK(run(model, sampler, prior) == sf::sample(model, sampler, 100, stepper_seed));
  };
  check(sf::Ddim{.steps = 10});
  check(sf::EulerMaruyama{.steps = 10});
  check(sf::DpmSolverPlusPlus{.steps = 10, .stochasticity = 1});
}

TEST_CASE("rising times take data to noise, and falling ones back", "[sampler]") {
  const Model model(sf::test::two_normals<double>());
  const Samples data =
      model.data().evolved(model.sde().signal(0.01), model.sde().deviation(0.01)).sample(50, stepper_seed);
  const auto round_trip = [&](sf::Index steps) {
    const auto down = grid(model, steps);
    const Samples latent = run(model, sf::on_times(sf::Ddim{}, sf::Vector<double>(down.reverse())), data);
    const Samples back = run(model, sf::on_times(sf::Ddim{}, down), latent);
    // What comes out at t = 1 is what the prior draws, of mean 0 and deviation 1 up to five deviations of 50 draws.
    CHECK(latent.rowwise().mean().cwiseAbs().maxCoeff() < 5 / std::sqrt(50.0));
    CHECK(std::abs(latent.squaredNorm() / 100 - 1) < 5 * std::sqrt(2.0 / 100));
    return (back - data).colwise().norm().mean();
  };
  const double error = round_trip(200);
  CHECK(error < 0.05);
  CHECK(round_trip(400) == Catch::Approx(error / 2).epsilon(0.1));  // of order 1, like the rule
}

TEST_CASE("every rule of the probability flow takes data to noise", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  const sf::Vector<double> rising = grid(model, 400).reverse();
  const Samples data =
      model.data().evolved(model.sde().signal(0.01), model.sde().deviation(0.01)).sample(50, stepper_seed);
  const auto reference = run(model, sf::on_times(sf::Ddim{}, rising), data);
  // All are of order 1 at least: of 400 steps, and of Euler's, which are equal in the logarithm and not in time.
  CHECK((run(model, sf::on_times(sf::DpmSolverPlusPlus{}, rising), data) - reference).cwiseAbs().maxCoeff() < 0.05);
  CHECK((run(model, sf::on_times(sf::EulerMaruyama{.stochasticity = 0}, rising), data) - reference)
            .cwiseAbs()
            .maxCoeff() < 0.1);
}

TEST_CASE("a rule of two stages evaluates where its first one led", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  // The flow of one normal distribution: along each axis a sample stays as many deviations from the mean.
  const auto prior = sf::start(model, sf::Ddim{}, 40, stepper_seed).samples();
  const auto reference = run(model, HeunOfScores{2000}, prior);
  const auto error = [&](sf::Index steps) { return (run(model, HeunOfScores{steps}, prior) - reference).norm(); };
  CHECK(std::log2(error(50) / error(100)) == Catch::Approx(2).margin(0.1));
}

TEST_CASE("each sample may have times of its own", "[sampler]") {
  const Model model(sf::test::two_normals<double>());
  const auto times = grid(model, 60);
  const auto prior = sf::start(model, sf::Ddim{}, 50, stepper_seed).samples();
  const auto staggered = run(model, Staggered{model.sde(), times}, prior);
  auto together = sf::start(model, sf::on_times(sf::Ddim{}, times), prior, stepper_seed);
  for (sf::Index j = 0; j < 50; ++j) {
    together.step();
    CHECK((staggered.col(j) - together.samples().col(j)).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("samples to start from are refused where they do not fit", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  CHECK_THROWS_WITH(sf::start(model, sf::Ddim{}, Samples(Samples::Zero(3, 4)), stepper_seed),
                    contains("sample: expected samples of 2 rows, as the model has, got 3 x 4; a column is a sample"));
  Samples broken = Samples::Zero(2, 4);
  broken(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(sf::start(model, sf::Ddim{}, broken, stepper_seed), sf::NonFinite);
  CHECK_THROWS_AS(sf::start(model, sf::Ddim{}, Samples(Samples::Zero(2, 4)), stepper_seed, {.first = -1}),
                  sf::InvalidArgument);
}
