#include "scorefield/objective/denoising_score_matching.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/data/toy/two_moons.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

template <sf::Real Scalar>
struct Result {
  sf::Vector<Scalar> losses;    // n
  sf::Vector<Scalar> gradient;  // of their mean
};

/// The objective on a batch x0 (d x n), cut into pieces of `size`.
template <class Loss, class Model, sf::Real Scalar = typename Model::Scalar>
Result<Scalar> evaluate(const Loss& objective, const Model& model, const sf::Vector<Scalar>& p,
                        const sf::Matrix<Scalar>& x0, sf::Index size, sf::Index step = 3) {
  Result<Scalar> result{sf::Vector<Scalar>(x0.cols()), sf::Vector<Scalar>::Zero(p.size())};
  auto w = objective.workspace(model);
  const sf::Chunks pieces{x0.cols(), size};
  for (sf::Index i = 0; i < pieces.pieces(); ++i) {
    const sf::Index first = pieces.first(i), n = pieces.length(i);
    objective.loss_and_gradient(model, sf::view(p), sf::columns(x0, first, n), sf::Draw{sf::Seed{9}, first, step},
                                x0.cols(), sf::segment(sf::view(result.losses), first, n), sf::view(result.gradient),
                                w);
  }
  return result;
}

/// The exact denoiser of data N(0, s^2 I), with a parameter that does nothing: no training could make it better.
class PerfectModel {
 public:
  using Scalar = double;
  struct Workspace {};

  PerfectModel(sf::Index d, double s) : d_(d), s_(s) {}

  const sf::VariancePreserving<double>& sde() const { return sde_; }
  sf::Index dimension() const { return d_; }
  sf::Index chunk_size() const { return 1000; }
  Workspace workspace() const { return {}; }
  double variance(double t) const { return std::pow(sde_.signal(t) * s_, 2) + std::pow(sde_.deviation(t), 2); }

  void denoise(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, Workspace&) const {
    for (sf::Index j = 0; j < batch.size(); ++j)
      out.col(j) = batch.alpha(j) * s_ * s_ / variance(batch.t(j)) * batch.x.col(j);
  }
  void prior(sf::MatrixView<double>, Workspace&) const {}

  const sf::Vector<double>& parameters() const { return parameters_; }
  void set_parameters(const sf::Vector<double>&) {}
  void error(sf::ConstVectorView<double>, const sf::DenoisingTask<double>& task, sf::MatrixView<double> error,
             Workspace& w) const {
    denoise(task.noisy, error, w);
    for (sf::Index j = 0; j < error.cols(); ++j)
      error.col(j) = task.root_weight(j) / task.noisy.sigma(j) * (error.col(j) - task.x0.col(j));
  }
  void error_forward(sf::ConstVectorView<double> p, const sf::DenoisingTask<double>& task, sf::MatrixView<double> out,
                     Workspace& w) const {
    error(p, task, out, w);
  }
  void error_backward(sf::ConstVectorView<double>, const sf::DenoisingTask<double>&, sf::ConstVectorView<double>,
                      sf::MatrixView<double>, sf::VectorView<double>, Workspace&) const {}

 private:
  sf::VariancePreserving<double> sde_;
  sf::Vector<double> parameters_ = sf::Vector<double>::Zero(1);
  sf::Index d_;
  double s_;
};
static_assert(sf::TrainableModel<PerfectModel>);

/// Keeps the times that it is asked about.
struct RecordingModel : PerfectModel {
  explicit RecordingModel(std::vector<double>& kept) : PerfectModel(1, 1), times(&kept) {}

  void error_forward(sf::ConstVectorView<double> p, const sf::DenoisingTask<double>& task, sf::MatrixView<double> out,
                     Workspace& w) const {
    times->insert(times->end(), task.noisy.t.data(), task.noisy.t.data() + task.noisy.t.size());
    PerfectModel::error_forward(p, task, out, w);
  }

  std::vector<double>* times;
};

}  // namespace

TEST_CASE("the gradient of denoising score matching is that of the mean loss", "[objective]") {
  const sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 8, 8>{}, sf::Seed{1}};
  const auto x0 = sf::two_moons<double>(100, {.seed = 1});
  const sf::DenoisingScoreMatching objective{sf::PowerLawTime{}, sf::VelocityWeighting{}};
  const auto gradient = evaluate(objective, model, model.parameters(), x0, 64).gradient;

  // Central differences of order 4: h^4 = 1e-12 of truncation and 1e-16 / h = 1e-13 of rounding, on gradients of 1e-6
  // and more.
  constexpr double h = 1e-3;
  double worst = 0;
  for (sf::Index i = 0; i < gradient.size(); ++i) {
    const auto mean_loss = [&](double offset) {
      sf::Vector<double> p = model.parameters();
      p(i) += offset;
      return evaluate(objective, model, p, x0, 64).losses.mean();
    };
    const double slope = (8 * (mean_loss(h) - mean_loss(-h)) - (mean_loss(2 * h) - mean_loss(-2 * h))) / (12 * h);
    worst = std::max(worst, std::abs(slope - gradient(i)) / std::max(std::abs(slope), 1e-6));
  }
  CHECK(gradient.cwiseAbs().maxCoeff() > 0.01);
  CHECK(worst < 1e-6);
}

TEMPLATE_TEST_CASE("losses do not depend on how a batch is cut", "[objective]", float, double) {
  const sf::ScoreModel model{sf::VariancePreserving<TestType>{}, sf::Mlp<TestType, 2, 8, 8>{}, sf::Seed{1}};
  const auto x0 = sf::two_moons<TestType>(150, {.seed = 1});
  const auto whole = evaluate(sf::DenoisingScoreMatching{}, model, model.parameters(), x0, 64);
  for (const sf::Index size : {1, 7, 37}) {
    CAPTURE(size);
    const auto cut = evaluate(sf::DenoisingScoreMatching{}, model, model.parameters(), x0, size);
    CHECK(cut.losses == whole.losses);
    // Sums in another order: rounding.
    CHECK((cut.gradient - whole.gradient).norm() <
          100 * std::numeric_limits<TestType>::epsilon() * whole.gradient.norm());
  }
  CHECK(evaluate(sf::DenoisingScoreMatching{}, model, model.parameters(), x0, 64, 4).losses !=
        whole.losses);  // another step, other noise
}

TEST_CASE("the gradient is added to what is there", "[objective]") {
  const sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 8>{}, sf::Seed{1}};
  const auto x0 = sf::two_moons<double>(10);
  const sf::DenoisingScoreMatching objective;
  const auto expected = evaluate(objective, model, model.parameters(), x0, 64).gradient;
  auto w = objective.workspace(model);
  sf::Vector<double> gradient = sf::Vector<double>::Ones(expected.size()), losses(10);
  objective.loss_and_gradient(model, sf::view(model.parameters()), sf::view(x0), sf::Draw{sf::Seed{9}, 0, 3}, 10,
                              sf::view(losses), sf::view(gradient), w);
  CHECK(((gradient.array() - 1).matrix() - expected).cwiseAbs().maxCoeff() < 1e-14);  // rounding of 1 + g
}

TEST_CASE("a model that answers zero has the loss of the noise", "[objective]") {
  // |0 + eps|^2 / d has mean 1 and variance 2 / d in any dimension: five deviations of the mean of n.
  constexpr sf::Index n = 20'000;
  for (const sf::Index d : {1, 2, 10}) {
    CAPTURE(d);
    const sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(d, {4}), sf::Seed{1}};
    const sf::Vector<double> zero = sf::Vector<double>::Zero(model.parameters().size());
    const auto losses =
        evaluate(sf::DenoisingScoreMatching{}, model, zero, sf::Matrix<double>(sf::Matrix<double>::Ones(d, n)), 64)
            .losses;
    CHECK(std::abs(losses.mean() - 1) < 5 * std::sqrt(2.0 / static_cast<double>(d * n)));
  }
}

TEST_CASE("the loss of a perfect score is the closed form", "[objective]") {
  // x_t is normal of variance v = alpha^2 s^2 + sigma^2, and E|sigma score + eps|^2 / d = 1 - sigma^2 / v at each t; of
  // the velocity s^2 / v, which is 1 / alpha^2 times as much.
  constexpr sf::Index n = 100'000, d = 3;
  for (const double s : {0.3, 1.0, 2.0}) {
    for (const double t_min : {1e-4, 0.2}) {
      CAPTURE(s, t_min);
      const PerfectModel model(d, s);
      double of_noise = 0, of_velocity = 0;
      constexpr int nodes = 20'000;  // of the midpoint rule, exact to 1e-8 here
      for (int k = 0; k < nodes; ++k) {
        const double t = t_min + (1 - t_min) * (k + 0.5) / nodes;
        of_noise += (1 - std::pow(model.sde().deviation(t), 2) / model.variance(t)) / nodes;
        of_velocity += s * s / model.variance(t) / nodes;
      }
      sf::Matrix<double> x0(d, n);
      sf::Random(sf::Seed{2}, "data of this test").normal(sf::view(x0), 0, 0);
      x0 *= s;
      for (const double exponent : {1.0, 2.0, 2.5}) {
        CAPTURE(exponent);
        const auto check = [&](const auto& weighting, double expected) {
          const sf::DenoisingScoreMatching objective{sf::PowerLawTime{.exponent = exponent, .t_min = t_min}, weighting};
          const auto losses = evaluate(objective, model, model.parameters(), x0, 1000).losses;
          const double deviation = std::sqrt((losses.array() - losses.mean()).square().mean());
          CHECK(std::abs(losses.mean() - expected) < 5 * deviation / std::sqrt(static_cast<double>(n)));
        };
        check(sf::NoiseWeighting{}, of_noise);
        check(sf::VelocityWeighting{}, of_velocity);
      }
    }
  }
}

TEST_CASE("stratified times are one in each part of [t_min, 1], however a batch is cut", "[objective]") {
  constexpr sf::Index n = 100;
  std::vector<double> times, in_pieces;
  const auto ask = [&](std::vector<double>& kept, sf::Index size) {
    const RecordingModel model(kept);
    evaluate(sf::DenoisingScoreMatching{sf::StratifiedTime{sf::UniformTime{.t_min = 0.2}}}, model, model.parameters(),
             sf::Matrix<double>(sf::Matrix<double>::Zero(1, n)), size);
  };
  ask(times, n);
  ask(in_pieces, 7);
  CHECK(times == in_pieces);
  REQUIRE(times.size() == n);
  double offsets = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double place = (times[j] - 0.2) / 0.8 * n - static_cast<double>(j);
    CHECK((place > 0 && place <= 1 + 1e-12));
    offsets += place;
  }
  // The mean of 100 uniform numbers is 1/2 with deviation 0.029.
  CHECK(std::abs(offsets / n - 0.5) < 5 * 0.029);
}

TEST_CASE("times are drawn as powers of uniform numbers", "[objective]") {
  constexpr sf::Index n = 1000;
  const auto times_for = [](double exponent) {
    std::vector<double> times;
    const RecordingModel model(times);
    evaluate(sf::DenoisingScoreMatching{sf::PowerLawTime{.exponent = exponent, .t_min = 0.2}}, model,
             model.parameters(), sf::Matrix<double>(sf::Matrix<double>::Zero(1, n)), 64);
    return times;
  };
  const auto uniform = times_for(1), early = times_for(3);
  REQUIRE(early.size() == n);
  for (std::size_t j = 0; j < n; ++j)
    CHECK(early[j] == Catch::Approx(0.2 + 0.8 * std::pow((uniform[j] - 0.2) / 0.8, 3)).epsilon(1e-13));
}

TEMPLATE_TEST_CASE("a power of 1 is the uniform distribution", "[objective]", float, double) {
  const sf::VariancePreserving<TestType> sde;
  for (int i = 1; i <= 10; ++i) {
    const auto u = static_cast<TestType>(i) / 10;
    const auto power = sf::PowerLawTime{.exponent = 1}.draw(sde, u, 0, 1);
    CHECK(static_cast<double>(power.t) == Catch::Approx(static_cast<double>(sf::UniformTime{}.draw(sde, u, 0, 1).t))
                                              .epsilon(1e-6));  // rounding of floats
    CHECK(power.weight == 1);
  }
}

TEST_CASE("a loss without a gradient is the same loss", "[objective]") {
  const sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8, 8>{}, sf::Seed{1}};
  const auto x0 = sf::two_moons<float>(60, {.seed = 1});
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{}}};
  auto w = objective.workspace(model);
  sf::Vector<float> losses(60);
  objective.loss(model, sf::view(model.parameters()), sf::view(x0), sf::Draw{sf::Seed{9}, 0, 3}, 60, sf::view(losses),
                 w);
  CHECK(losses == evaluate(objective, model, model.parameters(), x0, 64).losses);
}

TEST_CASE("errors of the velocity are told where no signal is left, by a prediction that can", "[objective]") {
  // alpha(1) = exp(-50): its square is no float.
  const sf::VariancePreserving<float> without_signal{sf::LinearSchedule<float>{0.1f, 200}};
  const auto x0 = sf::two_moons<float>(200, {.seed = 1});
  const auto finite = [&](const auto& prediction, const auto& objective) {
    const sf::ScoreModel model{without_signal, sf::Mlp<float, 2, 4>{}, prediction, sf::Seed{1}};
    const auto result = evaluate(objective, model, model.parameters(), x0, 64);
    return result.losses.allFinite() && result.gradient.allFinite();
  };
  CHECK(finite(sf::VelocityPrediction{}, sf::DenoisingScoreMatching{sf::UniformTime{}, sf::VelocityWeighting{}}));
  CHECK(finite(sf::LinearDenoiserCorrection<float>::fit(x0),
               sf::DenoisingScoreMatching{sf::UniformTime{}, sf::VelocityWeighting{}}));
  CHECK(finite(sf::NoisePrediction{}, sf::DenoisingScoreMatching{}));
  CHECK(finite(sf::ScorePrediction{}, sf::DenoisingScoreMatching{}));
}

TEST_CASE("times that cannot be drawn are refused", "[objective]") {
  const PerfectModel model(2, 1.0);
  const auto workspace = [&](const auto& times) { sf::DenoisingScoreMatching{times}.workspace(model); };
  for (const double t_min : {0.0, -1.0, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(workspace(sf::UniformTime{.t_min = t_min}), sf::InvalidArgument);
    CHECK_THROWS_AS(workspace(sf::StratifiedTime{sf::UniformTime{.t_min = t_min}}), sf::InvalidArgument);
    CHECK_THROWS_AS(workspace(sf::PowerLawTime{.t_min = t_min}), sf::InvalidArgument);
  }
  CHECK_THROWS_WITH(workspace(sf::UniformTime{.t_min = 0}),
                    contains("UniformTime: expected t_min in (0, 1), got 0; 1e-4 is usual"));
  for (const double exponent :
       {0.5, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(workspace(sf::PowerLawTime{.exponent = exponent}), sf::InvalidArgument);
}

TEST_CASE("weightings that mean nothing are refused", "[objective]") {
  const sf::DenoisingScoreMatching objective{sf::UniformTime{}, sf::MinSnrWeighting{.gamma = -1}};
  CHECK_THROWS_WITH(objective.workspace(PerfectModel(2, 1.0)), contains("a positive, finite gamma, got -1"));
}

TEST_CASE("settings tell times and weights apart", "[objective]") {
  const std::string plain = sf::DenoisingScoreMatching{}.settings();
  CHECK(plain ==
        "DenoisingScoreMatching{times UniformTime{t_min 0.0001}, weighting NoiseWeighting{}, condition_dropout 0}");
  CHECK(sf::DenoisingScoreMatching{sf::StratifiedTime{}}.settings() != plain);
  CHECK(sf::DenoisingScoreMatching{sf::PowerLawTime{}}.settings() !=
        sf::DenoisingScoreMatching{sf::PowerLawTime{.exponent = 3}}.settings());
  CHECK(sf::DenoisingScoreMatching{sf::UniformTime{}, sf::VelocityWeighting{}}.settings() != plain);
}

TEST_CASE("the mean loss of a data set is the same on any threads, and that of its samples", "[objective]") {
  const sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 8, 8>{}, sf::Seed{1}};
  const auto x0 = sf::two_moons<double>(300, {.seed = 1});
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{}};
  const double loss = sf::mean_loss(objective, model, x0, sf::Seed{9}, 1);
  CHECK(loss == sf::mean_loss(objective, model, x0, sf::Seed{9}, 3));
  CHECK(loss != sf::mean_loss(objective, model, x0, sf::Seed{8}));
  CHECK(loss == Catch::Approx(evaluate(objective, model, model.parameters(), x0, 64, 0).losses.mean()).epsilon(1e-12));
  CHECK_THROWS_WITH(sf::mean_loss(objective, model, sf::Matrix<double>(3, 5), sf::Seed{}),
                    contains("mean_loss: expected samples of 2 numbers, as the model has, got 3 x 5 data; a column"));
  CHECK_THROWS_AS(sf::mean_loss(objective, model, sf::Matrix<double>(2, 0), sf::Seed{}), sf::InvalidArgument);
}

namespace {

/// A model that writes down what it is asked about.
struct Recorder : sf::ScoreModel<sf::VariancePreserving<double>, sf::DynamicMlp<double>> {
  using ScoreModel::ScoreModel;

  void error(sf::ConstVectorView<double> p, const sf::DenoisingTask<double>& task, sf::MatrixView<double> error,
             Workspace& w) const {
    x = task.noisy.x;
    told = task.noisy.condition;
    expected = task.x0 * task.noisy.alpha.asDiagonal() + task.noise * task.noisy.sigma.asDiagonal();
    ScoreModel::error(p, task, error, w);
  }

  mutable sf::Matrix<double> x, told, expected;
};

}  // namespace

TEST_CASE("a model is asked about the noisy samples and what they are given, but for the dropout's share",
          "[objective]") {
  const Recorder model(sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(3, {4}, {.condition = 2}), sf::Seed{0});
  const sf::Matrix<double> x0 = sf::Matrix<double>::Random(3, 60), c = sf::Matrix<double>::Random(2, 60);
  const sf::Examples<double> examples{sf::view(x0), sf::view(c)};
  sf::Vector<double> losses(60);
  const auto asked = [&](double dropout) {
    const sf::DenoisingScoreMatching<> objective{.condition_dropout = dropout};
    auto workspace = objective.workspace(model);
    objective.loss(model, sf::view(model.parameters()), examples, {sf::Seed{1}, 0, 0}, 60, sf::view(losses), workspace);
    CHECK((model.x - model.expected).cwiseAbs().maxCoeff() < 1e-14);
    CHECK((model.x - x0).cwiseAbs().maxCoeff() > 0.1);
    sf::Index given = 0;
    for (sf::Index j = 0; j < 60; ++j) {
      const bool is = model.told(2, j) == 1;
      given += is;
      CHECK(model.told.col(j).head(2) == (is ? 1 : 0) * c.col(j));
    }
    return given;
  };
  CHECK(asked(0) == 60);
  CHECK(asked(1) == 0);
  const auto half = asked(0.5);  // 30 with a deviation of 4
  CHECK((half > 15 && half < 45));
}

TEST_CASE("a share of conditions that cannot be is refused", "[objective]") {
  const auto check = [](sf::Index k, double dropout) {
    const Recorder model(sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(3, {4}, {.condition = k}),
                         sf::Seed{0});
    sf::DenoisingScoreMatching<>{.condition_dropout = dropout}.workspace(model);
  };
  for (const double fine : {0.0, 0.1, 1.0}) CHECK_NOTHROW(check(2, fine));
  for (const double none : {-0.1, 1.1, std::nan("")})
    CHECK_THROWS_WITH(check(2, none), contains("condition_dropout in [0, 1]"));
  CHECK_NOTHROW(check(0, 0));
  CHECK_THROWS_WITH(check(0, 0.1), contains("no condition_dropout, for the model is given none"));
}
