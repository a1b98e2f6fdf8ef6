// What scorefield/sampler/concept.hpp promises, for every sampler.
#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde/rectified_flow.hpp"

#include "sampler/any_sampler.hpp"
#include "sampler/exact_denoiser.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::AnyDenoiser;
using scorefield::test::contains;
using scorefield::test::ExactDenoiser;

namespace {

/// A sampler's name, and the time of its last step.
template <sf::Real Scalar>
struct Listed {
  sf::test::AnySampler<Scalar> sampler;
  const char* name;
  double last_time;
};

/// Each of so many steps.
template <sf::Real Scalar>
std::vector<Listed<Scalar>> every_sampler(sf::Index steps) {
  std::vector<Listed<Scalar>> all;
  const auto f = [&](const auto& method, const char* name, double last_time) {
    all.push_back({sf::test::AnySampler<Scalar>::of(method), name, last_time});
  };
  f(sf::EulerMaruyama{.steps = steps}, "EulerMaruyama", 0.0);
  f(sf::EulerMaruyama{.steps = steps, .t_last = 0.125}, "EulerMaruyama", 0.0);
  for (const double stochasticity : {0.0, 2.0})
    f(sf::EulerMaruyama{.steps = steps, .stochasticity = stochasticity}, "EulerMaruyama", 0.0);
  f(sf::Ddim{.steps = steps}, "Ddim", 0.0);
  f(sf::Ddim{.steps = steps, .t_last = 0.125, .last_denoising = false}, "Ddim", 0.125);
  f(sf::DpmSolverPlusPlus{.steps = steps}, "DpmSolverPlusPlus", 0.0);
  f(sf::DpmSolverPlusPlus{.steps = steps, .stochasticity = 2}, "DpmSolverPlusPlus", 0.0);
  f(sf::DpmSolverPlusPlus{.steps = steps, .t_last = 0.125, .last_denoising = false}, "DpmSolverPlusPlus", 0.125);
  f(sf::Ddim{.steps = steps, .eta = 1}, "Ddim", 0.0);
  f(sf::DpmSolverPlusPlus2S{.steps = steps}, "DpmSolverPlusPlus2S", 0.0);
  f(sf::DpmSolverPlusPlus3M{.steps = steps, .stochasticity = 1}, "DpmSolverPlusPlus3M", 0.0);
  f(sf::UniPc{.steps = steps, .order = 3}, "UniPc", 0.0);
  f(sf::Deis{.steps = steps, .t_last = 0.125, .last_denoising = false}, "Deis", 0.125);
  f(sf::ProbabilityFlow{.steps = steps}, "ProbabilityFlow", 0.0);
  f(sf::ProbabilityFlow{.steps = steps, .scheme = sf::FlowScheme::heun}, "ProbabilityFlow", 0.0);
  f(sf::ProbabilityFlow{.steps = steps, .scheme = sf::FlowScheme::midpoint}, "ProbabilityFlow", 0.0);
  f(sf::EdmHeun{.steps = steps, .s_churn = 5}, "EdmHeun", 0.0);
  f(sf::ReverseDiffusion{.steps = steps}, "ReverseDiffusion", 0.0);
  f(sf::RePaint{.steps = steps, .resamplings = 2}, "RePaint", 0.0);
  f(sf::PredictorCorrector{.steps = steps}, "PredictorCorrector", 0.0);
  f(sf::AnnealedLangevin{.steps = steps, .moves = 3}, "AnnealedLangevin", 0.0);
  f(sf::on_grid(sf::DpmSolverPlusPlus{.steps = steps}, sf::KarrasGrid{}), "DpmSolverPlusPlus", 0.0);
  return all;
}

/// The same, and samplers that choose their steps.
template <sf::Real Scalar>
std::vector<Listed<Scalar>> every_sampler_and_adaptive(sf::Index steps) {
  auto all = every_sampler<Scalar>(steps);
  all.push_back({sf::test::AnySampler<Scalar>::of(sf::DormandPrince{.t_last = 0.01}), "DormandPrince", 0.0});
  return all;
}

template <sf::Real Scalar>
AnyDenoiser<Scalar> untrained() {
  return AnyDenoiser<Scalar>(
      sf::ScoreModel{sf::VariancePreserving<Scalar>{}, sf::Mlp<Scalar, 2, 16, 16>{}, sf::Seed{3}});
}

/// Its estimates are NaN for samples whose first number at t = 1 is beyond 2.
struct BreaksAtTheEdge : ExactDenoiser<float> {
  BreaksAtTheEdge() : ExactDenoiser<float>(sf::test::one_normal<float>()) {}
  void score(const sf::NoisyBatch<float>& batch, sf::MatrixView<float> out, Workspace& w) const {
    ExactDenoiser<float>::score(batch, out, w);
    break_some(batch, out);
  }
  void denoise(const sf::NoisyBatch<float>& batch, sf::MatrixView<float> out, Workspace& w) const {
    ExactDenoiser<float>::denoise(batch, out, w);
    break_some(batch, out);
  }

 private:
  static void break_some(const sf::NoisyBatch<float>& batch, sf::MatrixView<float> out) {
    for (sf::Index j = 0; j < batch.size(); ++j)
      if (batch.t(j) == 1 && batch.x(0, j) > 2) out(1, j) = std::numeric_limits<float>::quiet_NaN();
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a sample has the same bits however it is drawn", "[sampler]", float, double) {
  const auto check = [](const AnyDenoiser<TestType>& model) {
    for (const auto& [sampler, name, last] : every_sampler_and_adaptive<TestType>(12)) {
      CAPTURE(name);
      constexpr sf::Index n = 205;  // some chunks, the last one shorter
      const auto all = sampler.sample(model, n, sf::Seed{7}, {.threads = 1});
      REQUIRE(all.allFinite());
      for (const int threads : {0, 2, 3}) CHECK(sampler.sample(model, n, sf::Seed{7}, {.threads = threads}) == all);
      for (const sf::Index size : {1, 36, 64, 150}) {
        CAPTURE(size);
        sf::Matrix<TestType> pieces(2, n);
        for (sf::Index first = 0; first < n; first += size) {
          const sf::Index count = std::min(size, n - first);
          pieces.middleCols(first, count) = sampler.sample(model, count, sf::Seed{7}, {.first = first, .threads = 2});
        }
        CHECK(pieces == all);
      }
      CHECK(sampler.sample(model, n, sf::Seed{8}, {}) != all);
      CHECK(sampler.sample(model, 0, sf::Seed{7}, {}).cols() == 0);
    }
  };
  check(untrained<TestType>());
  check(AnyDenoiser<TestType>(ExactDenoiser<TestType>(sf::test::two_normals<TestType>())));
}

TEST_CASE("a stepper goes from the prior at time 1 to its last time", "[sampler]") {
  const auto model = untrained<float>();
  constexpr sf::Index n = 100;
  for (const sf::Index steps : {1, 2, 8, 20})
    for (const auto& [sampler, name, last_time] : every_sampler<float>(steps)) {
      CAPTURE(steps, name);
      auto stepper = sampler.start(model, n, sf::Seed{4}, {});
      sf::Matrix<float> prior(2, n);
      sf::Random(sf::Seed{4}, "prior").normal(sf::view(prior), 0, 0);
      CHECK(stepper.samples() == model.sde().deviation(1) * prior);
      CHECK(stepper.time() == 1);

      sf::Matrix<float> last = stepper.samples();
      for (sf::Index i = 0; i < steps; ++i) {
        CHECK_FALSE(stepper.done());
        const float before = stepper.time();
        stepper.step();
        CHECK(stepper.time() < before);
        CHECK(stepper.samples() != last);
        last = stepper.samples();
      }
      CHECK(stepper.done());
      CHECK(static_cast<double>(stepper.time()) == last_time);
      CHECK(sampler.sample(model, n, sf::Seed{4}, {}) == last);

      CHECK_THROWS_AS(stepper.step(), sf::InvalidArgument);
      CHECK_THROWS_WITH(stepper.step(), contains(std::string(name) + "::step: expected a stepper that is not done"));
      CHECK(stepper.samples() == last);
    }
}

TEST_CASE("a copy of a stepper goes on to the same samples", "[sampler]") {
  const auto model = untrained<float>();
  for (const auto& [sampler, name, last] : every_sampler_and_adaptive<float>(6)) {
    CAPTURE(name);
    auto stepper = sampler.start(model, 80, sf::Seed{4}, {});
    for (int i = 0; i < 3; ++i) stepper.step();
    const auto copy = stepper.copy();
    const auto finish = [](const sf::test::AnyStepper<float>& of) {
      while (!of.done()) of.step();
      return of.samples();
    };
    const auto original = finish(stepper);
    CHECK(copy.time() > stepper.time());
    CHECK(finish(copy) == original);
    CHECK(original == sampler.sample(model, 80, sf::Seed{4}, {}));
  }
}

TEST_CASE("a step of a sampler allocates nothing", "[sampler]") {
  const auto model = untrained<float>();
  for (const auto& [sampler, name, last] : every_sampler_and_adaptive<float>(20)) {
    for (const int threads : {1, 2}) {
      CAPTURE(name, threads);
      auto stepper = sampler.start(model, 500, sf::Seed{1}, {.threads = threads});
      stepper.step();  // starts the threads
      CHECK(sf::test::count_allocations([&] {
              while (!stepper.done()) stepper.step();
            }) == 0);
    }
  }
}

TEST_CASE("a sampler refuses what it cannot draw", "[sampler]") {
  const auto model = untrained<float>();
  for (const auto& [sampler, name, last] : every_sampler_and_adaptive<float>(10)) {
    CAPTURE(name);
    const auto draw = [&of = sampler, &model](sf::Index count, const sf::SampleOptions& options = {}) {
      return of.sample(model, count, sf::Seed{0}, options);
    };
    CHECK_THROWS_AS(draw(-1), sf::InvalidArgument);
    CHECK_THROWS_WITH(draw(-1),
                      contains("sample: expected a count and a first index >= 0, up to sample 2^48, got -1 and 0;"));
    CHECK_THROWS_WITH(draw(5, {.first = -2}), contains("got 5 and -2"));
    CHECK_THROWS_AS(draw(5, {.threads = -1}), sf::InvalidArgument);
    CHECK_THROWS_WITH(draw(5, {.threads = -1}), contains("threads: expected 0 (all) or a positive number, got -1"));
  }
  for (const auto& [sampler, name, last] : every_sampler<float>(0)) {
    CHECK_THROWS_AS(sampler.start(model, 1, sf::Seed{}, {}), sf::InvalidArgument);
    CHECK_THROWS_WITH(sampler.start(model, 1, sf::Seed{}, {}),
                      contains(std::string(name) + ": expected at least 1 step, got 0;"));
  }
}

TEST_CASE("samplers refuse what their numbers cannot mean", "[sampler]") {
  const auto model = untrained<float>();
  const auto refuses = [](const std::function<void()>& start, const char* message) {
    CHECK_THROWS_AS(start(), sf::InvalidArgument);
    CHECK_THROWS_WITH(start(), contains(message));
  };
  const auto refused = [&](const auto& method, const char* message) {
    refuses([&] { sf::start(model, method, 1, sf::Seed{}); }, message);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double eta : {-0.1, 1.1, nan}) refused(sf::Ddim{.eta = eta}, "Ddim: expected eta in [0, 1], got ");
  for (const sf::Index order : {0, 4}) {
    refused(sf::UniPc{.order = order}, "UniPc: expected order 1, 2 or 3, got ");
    refused(sf::Deis{.order = order}, "Deis: expected order 1, 2 or 3, got ");
  }
  refused(sf::EdmHeun{.s_churn = -1}, "EdmHeun: expected finite s_churn and s_noise >= 0, got -1 and 1;");
  refused(sf::EdmHeun{.s_noise = nan}, "EdmHeun: expected finite s_churn and s_noise >= 0, got 0 and nan;");
  refused(sf::EdmHeun{.s_min = 2, .s_max = 1}, "EdmHeun: expected s_min <= s_max, got 2 and 1;");
  refused(sf::EdmHeun{.s_min = nan}, "EdmHeun: expected s_min <= s_max, got nan and inf;");
  for (const double rho : {-7.0, 0.0, nan, 1e17})
    refused(sf::on_grid(sf::Ddim{}, sf::KarrasGrid{rho}), "KarrasGrid: expected rho in [0.5, 1000], got ");
  refused(sf::on_times(sf::Ddim{}, {0.5, 0.25, 0}), "Ddim: expected times that begin at 1, where the prior stands");
  refused(sf::PredictorCorrector{.signal_to_noise = -1}, "PredictorCorrector: expected a finite signal_to_noise");
  refused(sf::DpmSolverPlusPlus3M{.stochasticity = -1}, "DpmSolverPlusPlus3M: expected a finite stochasticity");
  refused(sf::on_grid(sf::EulerMaruyama{}, sf::KarrasGrid{}), "EulerMaruyama: expected t_last in (0, 1), got 0;");
  // The flow alone goes from data to noise.
  const sf::Vector<float> rising{{0.1f, 0.5f, 1}};
  refused(sf::on_times(sf::Ddim{.eta = 1}, rising), "Ddim: expected eta 0 on rising times, got 1;");
  refused(sf::on_times(sf::EdmHeun{.s_churn = 1}, rising), "EdmHeun: expected s_churn 0 on rising times, got 1;");
  refused(sf::on_times(sf::ReverseDiffusion{}, rising), "ReverseDiffusion: expected falling times, got rising ones;");
  refused(sf::on_times(sf::PredictorCorrector{}, rising), "PredictorCorrector: expected falling times, got rising");

  const ExactDenoiser<float, sf::RectifiedFlow<float>> straight(sf::test::one_normal<float>());
  CHECK_THROWS_WITH(
      sf::start(straight, sf::EulerMaruyama{}, 1, sf::Seed{}),
      contains("EulerMaruyama: expected an equation of finite drift at its first time, got -inf at 1; use "
               "Ddim{.eta = 1}"));
}

TEST_CASE("a sample that is not finite is named", "[sampler]") {
  const AnyDenoiser<float> model{BreaksAtTheEdge{}};
  for (const auto& [sampler, name, last] : every_sampler_and_adaptive<float>(5)) {
    CAPTURE(name);
    const auto prior = sampler.start(model, 500, sf::Seed{6}, {}).samples();
    sf::Index bad = 0;
    while (prior(0, bad) <= 2) ++bad;
    REQUIRE(bad > 0);
    CHECK_THROWS_AS(sampler.sample(model, 500, sf::Seed{6}, {}), sf::NonFinite);
    const auto said = contains(" of sample " + std::to_string(bad) + ", after the step from time 1 to ");
    CHECK_THROWS_WITH(sampler.sample(model, 500, sf::Seed{6}, {}), said);
    CHECK_THROWS_WITH(sampler.sample(model, 500, sf::Seed{6}, {}), contains("sample: expected finite samples, got "));
    // By its number in the stream, not in the batch.
    CHECK_THROWS_WITH(sampler.sample(model, 100, sf::Seed{6}, {.first = bad}), said);
    CHECK(sampler.sample(model, bad, sf::Seed{6}, {}).allFinite());
  }
}
