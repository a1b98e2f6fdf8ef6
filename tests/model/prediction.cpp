// What scorefield/model/prediction/concept.hpp promises, for every prediction; and each against its formula.
#include "scorefield/model/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/model/prediction/any_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

constexpr sf::Index d = 5;

/// dx = 2 dw: the signal stays, so that alpha^2 + sigma^2 is not 1.
template <class S>
struct BrownianMotion {
  using Scalar = S;
  Scalar drift(Scalar) const { return 0; }
  Scalar diffusion(Scalar) const { return 2; }
  Scalar signal(Scalar) const { return 1; }
  Scalar deviation(Scalar t) const { return 2 * std::sqrt(t); }
  static std::string settings() { return "BrownianMotion{}"; }
};

/// Rectified flow that does not say that it leaves no signal.
struct SilentFlow : sf::RectifiedFlow<float> {
  static constexpr bool leaves_signal = true;
};

template <class Scalar>
using Net = sf::DynamicMlp<Scalar>;
template <class Scalar>
using Correction = sf::LinearDenoiserCorrection<Scalar>;

/// Notes the time that it is told on the way back.
struct ListeningNet : Net<double> {
  using Net<double>::Net;
  static inline double told = 0;

  void backward(sf::ConstVectorView<double> p, const sf::NoisyBatch<double>& batch, sf::ConstMatrixView<double> y,
                sf::MatrixView<double> dy, sf::MatrixView<double> dx, sf::VectorView<double> g, Workspace& w) const {
    told = batch.t(0);
    Net<double>::backward(p, batch, y, dy, dx, g, w);
  }
};

static_assert(sf::FittedPrediction<Correction<float>>);
static_assert(!sf::FittedPrediction<sf::NoisePrediction>);

// A prediction that forgot one thing.
struct Complete : sf::VelocityPrediction {};
struct PredictionWithoutValidation : Complete {
  void validate() const {}
};
struct InputIsAMatrix : Complete {
  template <class S>
  sf::ConstMatrixView<S> input(const sf::NoisyBatch<S>& batch, Workspace&) const {
    return batch.x;
  }
};
struct PredictionDenoisesOnlyWhenMutable : Complete {
  template <class S>
  void denoised(const sf::NoisyBatch<S>&, sf::MatrixView<S>, Workspace&) {}
};
struct PredictionWithoutBackward : Complete {
  void denoised_backward() const {}
};
struct PredictionWithoutError : Complete {
  void error() const {}
};
struct PredictionWithoutPrior : Complete {
  void prior() const {}
};

template <class P>
concept OfFloat = sf::Prediction<P, Net<float>>;
static_assert(OfFloat<sf::ScorePrediction> && OfFloat<sf::NoisePrediction> && OfFloat<sf::VelocityPrediction>);
static_assert(OfFloat<sf::DataPrediction> && OfFloat<sf::FlowVelocityPrediction> && OfFloat<sf::EdmPreconditioning>);
static_assert(OfFloat<sf::AnyPrediction<float>> && !OfFloat<sf::AnyPrediction<double>>);
static_assert(OfFloat<Correction<float>> && !OfFloat<Correction<double>>);  // one scalar throughout
static_assert(OfFloat<Complete> && !OfFloat<PredictionWithoutValidation> && !OfFloat<InputIsAMatrix>);
static_assert(!OfFloat<PredictionDenoisesOnlyWhenMutable> && !OfFloat<PredictionWithoutBackward> &&
              !OfFloat<PredictionWithoutError>);
static_assert(!OfFloat<PredictionWithoutPrior> && !OfFloat<Net<float>>);

static_assert(sf::needs_signal<sf::ScorePrediction>() && sf::needs_signal<sf::NoisePrediction>());
static_assert(sf::needs_signal<sf::EdmPreconditioning>() && !sf::needs_signal<sf::DataPrediction>());
static_assert(!sf::needs_signal<Correction<float>>() && !sf::needs_signal<sf::AnyPrediction<float>>());
static_assert(sf::leaves_signal<BrownianMotion<float>>() && !sf::leaves_signal<sf::RectifiedFlow<float>>());

static_assert(
    std::same_as<decltype(sf::ScoreModel{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{}}),
                 sf::ScoreModel<sf::VariancePreserving<float>, sf::Mlp<float, 2, 8>, sf::ScorePrediction>>);

/// Deviations from 0.02 to 3, and a mean that is not small.
template <class Scalar>
sf::Vector<Scalar> deviation() {
  return sf::Vector<double>{{3, 1, 0.5, 0.1, 0.02}}.template cast<Scalar>();
}
template <class Scalar>
sf::Vector<Scalar> mean() {
  return sf::Vector<double>{{1, -2, 0.5, 0, 3}}.template cast<Scalar>();
}
template <class Scalar>
sf::Matrix<Scalar> rotation() {
  const sf::Matrix<double> a = test::normals<double>(d, d, "rotation");
  const Eigen::SelfAdjointEigenSolver<sf::Matrix<double>> solver(a + a.transpose());
  return solver.eigenvectors().template cast<Scalar>();
}

/// Times from the smallest that objectives draw to 1.
template <class Scalar>
sf::Vector<Scalar> times(sf::Index n) {
  sf::Vector<Scalar> t(n);
  for (sf::Index j = 0; j < n; ++j)
    t(j) = static_cast<Scalar>(std::pow(1e-4, static_cast<double>(j) / static_cast<double>(n - 1)));
  return t;
}

/// f(prediction, output), output(alpha, sigma, x0, eps) being what a perfect network puts out.
template <class Scalar, class F>
void for_each_prediction(const F& f) {
  using V = sf::Vector<Scalar>;
  f(sf::ScorePrediction{}, [](Scalar, Scalar sigma, const V&, const V& eps) -> V { return -eps / sigma; });
  f(sf::NoisePrediction{}, [](Scalar, Scalar, const V&, const V& eps) -> V { return eps; });
  f(sf::VelocityPrediction{},
    [](Scalar alpha, Scalar sigma, const V& x0, const V& eps) -> V { return alpha * eps - sigma * x0; });
  f(sf::DataPrediction{}, [](Scalar, Scalar, const V& x0, const V&) -> V { return x0; });
  f(sf::FlowVelocityPrediction{}, [](Scalar, Scalar, const V& x0, const V& eps) -> V { return eps - x0; });
  // (x0 - alpha s^2 x / v) sqrt(v) / (sigma s), without what cancels.
  const auto edm = [](Scalar alpha, Scalar sigma, const V& x0, const V& eps) -> V {
    const auto s = Scalar(0.75), v = alpha * alpha * s * s + sigma * sigma;
    return (sigma * x0 - alpha * s * s * eps) / (s * std::sqrt(v));
  };
  f(sf::EdmPreconditioning{0.75}, edm);
  f(sf::AnyPrediction<Scalar>{sf::EdmPreconditioning{0.75}}, edm);
  const auto correction = [](Scalar alpha, Scalar sigma, const V& r, const V& eps) -> V {
    const V s = deviation<Scalar>(), v = (alpha * alpha * s.cwiseAbs2()).array() + sigma * sigma;
    return (eps - sigma * r.cwiseQuotient(v)).cwiseProduct(v.cwiseSqrt()).cwiseQuotient(alpha * s);
  };
  f(Correction<Scalar>{mean<Scalar>(), deviation<Scalar>()},
    [=](Scalar alpha, Scalar sigma, const V& x0, const V& eps) -> V {
      return correction(alpha, sigma, alpha * (x0 - mean<Scalar>()) + sigma * eps, eps);
    });
  const sf::Matrix<Scalar> u = rotation<Scalar>();
  f(Correction<Scalar>{mean<Scalar>(), deviation<Scalar>(), u},
    [=](Scalar alpha, Scalar sigma, const V& x0, const V& eps) -> V {
      return u * correction(alpha, sigma, u.transpose() * (alpha * (x0 - mean<Scalar>()) + sigma * eps),
                            u.transpose() * eps);
    });
}

/// For every prediction and equation that it can serve.
template <class Scalar, class F>
void for_each_model(const F& f) {
  const sf::AnySde<Scalar> equations[] = {sf::VariancePreserving<Scalar>{}, BrownianMotion<Scalar>{},
                                          sf::VarianceExploding<Scalar>{Scalar(0.0625), 8}, sf::EdmEquation<Scalar>{8},
                                          sf::RectifiedFlow<Scalar>{}};
  for_each_prediction<Scalar>([&](const auto& prediction, const auto& output) {
    for (const auto& equation : equations) {
      CAPTURE(prediction.settings(), equation.settings());
      const auto model = [&] { return sf::ScoreModel{equation, Net<Scalar>(d, {8}), prediction, sf::Seed{1}}; };
      bool needs_signal = sf::needs_signal<std::remove_cvref_t<decltype(prediction)>>();
      if constexpr (requires { prediction.needs_signal(); }) needs_signal = prediction.needs_signal();
      if (needs_signal && equation.signal(1) == 0)
        CHECK_THROWS_AS(model(), sf::InvalidArgument);
      else
        f(model(), output);
    }
  });
}

/// Samples at the levels of these times, with their data and noise.
template <class Scalar>
struct Batch {
  template <class Equation>
  Batch(const Equation& sde, const sf::Vector<Scalar>& t)
      : levels(t.size()),
        x0(test::normals<Scalar>(d, t.size(), "x0")),
        noise(test::normals<Scalar>(d, t.size(), "eps")),
        x(d, t.size()),
        root(t.size()) {
    for (sf::Index j = 0; j < t.size(); ++j) {
      levels.set(j, sde, t(j));
      x.col(j) = sde.signal(t(j)) * x0.col(j) + sde.deviation(t(j)) * noise.col(j);
      root(j) = sde.signal(t(j)) > 0 ? sde.signal(t(j)) : Scalar(1);
    }
  }

  sf::NoisyBatch<Scalar> noisy() const { return levels.around(sf::view(x)); }
  sf::DenoisingTask<Scalar> task() const { return {noisy(), sf::view(x0), sf::view(noise), sf::view(root)}; }

  sf::NoiseLevels<Scalar> levels;
  sf::Matrix<Scalar> x0, noise, x;
  sf::Vector<Scalar> root;  // of what errors of the noise count, where there is signal
};

}  // namespace

TEMPLATE_TEST_CASE("a perfect output becomes the data, -eps / sigma, and no error", "[model]", float, double) {
  using V = sf::Vector<TestType>;
  for_each_model<TestType>([](const auto& model, const auto& output) {
    constexpr sf::Index n = 20;
    const Batch<TestType> batch(model.sde(), times<TestType>(n));
    const auto noisy = batch.noisy();
    sf::Matrix<TestType> f(d, n), error(d, n);
    for (sf::Index j = 0; j < n; ++j)
      f.col(j) = output(noisy.alpha(j), noisy.sigma(j), V(batch.x0.col(j)), V(batch.noise.col(j)));
    auto w = model.workspace();
    const auto input = model.prediction().input(noisy, w.prediction);
    CHECK(input.x.rows() == d);
    CHECK((input.size() == n && input.t.size() == n && input.alpha.data() == noisy.alpha.data()));
    sf::Matrix<TestType> score = f, denoised = f;
    model.prediction().score(noisy, sf::view(score), w.prediction);
    model.prediction().denoised(noisy, sf::view(denoised), w.prediction);
    model.prediction().error(batch.task(), sf::view(std::as_const(f)), sf::view(error), w.prediction);
    // What is off is some roundings of eps, and of x: to the score they are noise of 1 / sigma times its size, and to
    // the data of 1 / alpha times, which is asked of those that divide by it alone. No output of a correction is
    // perfect where alpha is 0. A rotation from eigenvectors is orthogonal within some ten epsilon.
    double worst = 0;
    for (sf::Index j = 0; j < n; ++j) {
      if (!f.col(j).allFinite()) continue;
      const TestType sigma = noisy.sigma(j), alpha = noisy.alpha(j) > 0 ? noisy.alpha(j) : TestType(1),
                     size = 1 + batch.x.col(j).cwiseAbs().maxCoeff();
      const auto off = [](const auto& difference, TestType scale) {
        return static_cast<double>(difference.cwiseAbs().maxCoeff() / scale);
      };
      worst = std::max({worst, off(sigma * score.col(j) + batch.noise.col(j), 1 + size / sigma),
                        off(denoised.col(j) - batch.x0.col(j), 1 + size / alpha), off(error.col(j), 1 + size / sigma)});
    }
    CHECK(worst < 100 * test::Tolerance<TestType>::epsilon);
  });
}

TEST_CASE("score, denoised sample and error are one", "[model]") {
  for_each_model<double>([](const auto& model, const auto&) {
    constexpr sf::Index n = 20;
    const Batch<double> batch(model.sde(), times<double>(n));
    const auto noisy = batch.noisy();
    sf::Matrix<double> score(d, n), denoised(d, n), error(d, n);
    auto w = model.workspace();
    model.score(noisy, sf::view(score), w);
    model.denoise(noisy, sf::view(denoised), w);
    model.error(sf::view(model.parameters()), batch.task(), sf::view(error), w);
    for (sf::Index j = 0; j < n; ++j) {
      const double alpha = noisy.alpha(j), sigma = noisy.sigma(j), root = batch.root(j),
                   size = (1 + score.col(j).norm()) * (1 + sigma * sigma);
      CAPTURE(j, alpha, sigma);
      // Tweedie's formula.
      const sf::Vector<double> by_score = batch.x.col(j) + sigma * sigma * score.col(j);
      CHECK((alpha * denoised.col(j) - by_score).norm() < 1e-12 * size);
      // The error as it is defined, in its length, along whatever axes; by the weight alpha it is that of the noise.
      const double of_data = (denoised.col(j) - batch.x0.col(j)).norm() / sigma;
      CHECK(error.col(j).norm() == Catch::Approx(root * of_data).epsilon(1e-9).margin(1e-11 * size / sigma));
      if (alpha == 0) continue;
      const double of_noise = (sigma * score.col(j) + batch.noise.col(j)).norm();
      CHECK(error.col(j).norm() == Catch::Approx(of_noise).epsilon(1e-9).margin(1e-11 * size));
    }
  });
}

TEST_CASE("the derivative of the denoised sample by x is that of differences", "[model]") {
  for_each_model<double>([](const auto& model, const auto&) {
    constexpr sf::Index n = 7;
    Batch<double> batch(model.sde(), times<double>(n));
    sf::Matrix<double> denoised(d, n), dx = sf::Matrix<double>::Constant(d, n, std::nan(""));
    const sf::Matrix<double> c = test::normals<double>(d, n, "loss");
    sf::Matrix<double> scratch = c;
    auto w = model.workspace();
    model.denoise_forward(batch.noisy(), sf::view(denoised), w);
    model.denoise_backward(batch.noisy(), sf::view(scratch), sf::view(dx), w);
    CHECK(dx.cwiseAbs().maxCoeff() > 0.1);
    CHECK(test::worst_gradient_error({batch.x.data(), batch.x.size()}, {dx.data(), dx.size()}, [&] {
            model.denoise(batch.noisy(), sf::view(denoised), w);
            return (c.array() * denoised.array()).sum();
          }) < test::Tolerance<double>::gradient);
  });
}

TEST_CASE("the gradient of a model is that of its error", "[model]") {
  for_each_model<double>([](const auto& model, const auto&) {
    // No earlier, for errors of the data are divided by sigma, and differences of large losses are coarse.
    const sf::Vector<double> t{{0.05, 0.2, 0.5, 0.8, 1}};
    const sf::Index n = t.size();
    const Batch<double> batch(model.sde(), t);
    auto w = model.workspace();
    sf::Vector<double> p = model.parameters(), gradient = sf::Vector<double>::Zero(p.size());
    const sf::Vector<double> scale = sf::Vector<double>::LinSpaced(n, 0.5, 2);
    sf::Matrix<double> error(d, n);
    const auto loss = [&] {
      model.error(sf::view(std::as_const(p)), batch.task(), sf::view(error), w);
      return (error.colwise().squaredNorm() * scale).value() / 2;
    };
    const double before = loss();
    model.error_forward(sf::view(std::as_const(p)), batch.task(), sf::view(error), w);
    CHECK((error.colwise().squaredNorm() * scale).value() / 2 == before);
    model.error_backward(sf::view(std::as_const(p)), batch.task(), sf::view(scale), sf::view(error), sf::view(gradient),
                         w);
    CHECK(gradient.norm() > 0);
    CHECK(test::worst_gradient_error(sf::view(p), sf::view(std::as_const(gradient)), loss) <
          test::Tolerance<double>::gradient);
  });
}

TEMPLATE_TEST_CASE("the bits of an estimate do not depend on the columns around it", "[model]", float, double) {
  for_each_model<TestType>([](const auto& model, const auto&) {
    const sf::Index n = model.chunk_size();
    const Batch<TestType> batch(model.sde(), times<TestType>(n));
    sf::Matrix<TestType> all(d, n), kept(d, n), pieces(d, n), scores(d, n), score_pieces(d, n);
    auto w = model.workspace();
    model.denoise(batch.noisy(), sf::view(all), w);
    model.score(batch.noisy(), sf::view(scores), w);
    REQUIRE(all.allFinite());
    REQUIRE(scores.allFinite());
    model.denoise_forward(batch.noisy(), sf::view(kept), w);
    CHECK(kept == all);
    const auto t = times<TestType>(n);
    for (const sf::Index size : {1, 3, 11}) {
      const sf::Chunks chunks{n, size};
      sf::NoiseLevels<TestType> levels(size);
      for (sf::Index i = 0; i < chunks.pieces(); ++i) {
        const sf::Index first = chunks.first(i), count = chunks.length(i);
        for (sf::Index j = 0; j < count; ++j) levels.set(j, model.sde(), t(first + j));
        const auto some = levels.around(sf::columns(batch.x, first, count));
        model.denoise(some, sf::columns(pieces, first, count), w);
        model.score(some, sf::columns(score_pieces, first, count), w);
      }
      CHECK(pieces == all);
      CHECK(score_pieces == scores);
    }
  });
}

TEST_CASE("estimates, errors and their gradients allocate nothing", "[model]") {
  for_each_model<float>([](const auto& model, const auto&) {
    const sf::Index n = model.chunk_size();
    const Batch<float> batch(model.sde(), times<float>(n));
    sf::Matrix<float> out(d, n), dx(d, n);
    sf::Vector<float> gradient = sf::Vector<float>::Zero(model.parameters().size());
    const sf::Vector<float> scale = sf::Vector<float>::Ones(n);
    auto w = model.workspace();
    const auto noisy = batch.noisy();
    const auto task = batch.task();
    const auto p = sf::view(model.parameters());
    CHECK(test::count_allocations([&] {
            model.prior(sf::view(out), w);
            model.score(noisy, sf::view(out), w);
            model.denoise(noisy, sf::view(out), w);
            model.denoise_forward(noisy, sf::view(out), w);
            model.denoise_backward(noisy, sf::view(out), sf::view(dx), w);
            model.error(p, task, sf::view(out), w);
            model.error_forward(p, task, sf::view(out), w);
            model.error_backward(p, task, sf::view(scale), sf::view(out), sf::view(gradient), w);
          }) == 0);
  });
}

TEMPLATE_TEST_CASE("the velocity is told where no signal is left", "[model]", float, double) {
  // alpha = 0 and sigma = 1: the output is minus the data, and an error of it counts as one of the velocity.
  constexpr sf::Index n = 3;
  const sf::Vector<TestType> zero = sf::Vector<TestType>::Zero(n), one = sf::Vector<TestType>::Ones(n);
  const auto x0 = test::normals<TestType>(d, n, "x0"), noise = test::normals<TestType>(d, n, "eps");
  const sf::Matrix<TestType> none(0, n);
  const sf::NoisyBatch<TestType> noisy{sf::view(noise), sf::view(one), sf::view(zero), sf::view(one), sf::view(none)};
  const sf::VelocityPrediction prediction;
  sf::VelocityPrediction::Workspace w;
  sf::Matrix<TestType> f = -x0, error(d, n);
  prediction.denoised(noisy, sf::view(f), w);
  CHECK(f == x0);
  f = -x0;
  f(0, 0) += 1;
  prediction.error({noisy, sf::view(x0), sf::view(noise), sf::view(one)}, sf::view(std::as_const(f)), sf::view(error),
                   w);
  sf::Matrix<TestType> expected = sf::Matrix<TestType>::Zero(d, n);
  expected(0, 0) = -1;
  CHECK((error - expected).cwiseAbs().maxCoeff() < 10 * std::numeric_limits<TestType>::epsilon());
  // Of the noise, by its own weight, errors count there too.
  sf::NoisePrediction::Workspace none_of_noise;
  f = noise;
  sf::NoisePrediction{}.error({noisy, sf::view(x0), sf::view(noise), sf::view(zero)}, sf::view(std::as_const(f)),
                              sf::view(error), none_of_noise);
  CHECK(error == sf::Matrix<TestType>::Zero(d, n));
}

TEST_CASE("in floats no digits are lost between the output and its views", "[model]") {
  // At sigma^2 = 1e-5 a score that came by D, or D by a score in float, would be off by 1e-2 of 300.
  const sf::VariancePreserving<float> sde;
  const sf::ScoreModel model{sde, Net<float>(d, {8}), sf::NoisePrediction{}, sf::Seed{1}};
  const sf::ScoreModel exact{sf::VariancePreserving<double>{}, Net<double>(d, {8}), sf::NoisePrediction{}, sf::Seed{1}};
  auto in_double = exact;
  in_double.set_parameters(model.parameters().cast<double>());
  const auto x = test::normals<float>(d, 10, "x");
  const sf::Matrix<double> score = in_double.score(x.cast<double>(), 1e-4);
  CHECK(static_cast<double>(model.sde().deviation(1e-4f)) < 4e-3);
  CHECK((model.score(x, 1e-4f).cast<double>() - score).cwiseAbs().maxCoeff() < 1e-5 * score.cwiseAbs().maxCoeff());
}

TEMPLATE_TEST_CASE("estimates and errors are finite at both ends of every equation", "[model]", float, double) {
  const sf::AnySde<TestType> equations[] = {sf::VariancePreserving<TestType>{},
                                            sf::VariancePreserving{sf::CosineSchedule<TestType>{}},
                                            sf::VariancePreserving{sf::SigmoidSchedule<TestType>{}},
                                            sf::SubVariancePreserving<TestType>{},
                                            sf::VarianceExploding<TestType>{},
                                            sf::EdmEquation<TestType>{},
                                            sf::RectifiedFlow<TestType>{}};
  for_each_prediction<TestType>([&](const auto& prediction, const auto&) {
    const sf::AnyPrediction<TestType> any(prediction);
    CHECK(any.constants().size() == any.layout().size());
    for (const auto& equation : equations) {
      if (any.needs_signal() && equation.signal(1) == 0) continue;
      CAPTURE(any.settings(), equation.settings());
      const sf::ScoreModel model{equation, Net<TestType>(d, {8}), any, sf::Seed{1}};
      auto w = model.workspace();
      const Batch<TestType> batch(equation, sf::Vector<TestType>{{TestType(1e-5), TestType(0.9999), 1}});
      sf::Matrix<TestType> out(d, 3);
      model.denoise(batch.noisy(), sf::view(out), w);
      CHECK(out.allFinite());
      model.score(batch.noisy(), sf::view(out), w);
      CHECK(out.allFinite());
      model.error(sf::view(model.parameters()), batch.task(), sf::view(out), w);
      CHECK(out.allFinite());
    }
  });
}

TEST_CASE("EDM's preconditioning is that of its paper, and tells the network its own time", "[model]") {
  // Table 1, for alpha = 1: c_in x and c_noise go in, and D = c_skip x + c_out F.
  const double s = 0.5, sigma = 3, root = std::sqrt(sigma * sigma + s * s);
  const sf::ScoreModel model{sf::EdmEquation<double>{4}, ListeningNet(d, {8}), sf::EdmPreconditioning{}, sf::Seed{1}};
  auto w = model.workspace();
  const Batch<double> batch(model.sde(), sf::Vector<double>{{0.75}});
  const auto input = model.prediction().input(batch.noisy(), w.prediction);
  CHECK((input.x - batch.x / root).cwiseAbs().maxCoeff() < 1e-15);
  CHECK(input.t(0) == Catch::Approx(std::log(sigma) / 4).epsilon(1e-15));
  sf::Matrix<double> f(d, 1);
  auto network = model.network().workspace();
  model.network().evaluate(sf::view(model.parameters()), input, sf::view(f), network);
  const sf::Matrix<double> expected = s * s / (root * root) * batch.x + sigma * s / root * f;
  CHECK((model.denoised(batch.x, 0.75) - expected).cwiseAbs().maxCoeff() < 1e-14);
  model.denoise_forward(batch.noisy(), sf::view(f), w);
  sf::Matrix<double> dx(d, 1);
  model.denoise_backward(batch.noisy(), sf::view(f), sf::view(dx), w);
  CHECK(ListeningNet::told == input.t(0));

  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")})
    CHECK_THROWS_AS(sf::EdmPreconditioning(bad), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::EdmPreconditioning(0),
                    contains("EdmPreconditioning: expected a positive, finite data_deviation, got 0"));
  CHECK(sf::EdmPreconditioning::from_settings(sf::ReadSettings(sf::EdmPreconditioning(0.3).settings())).settings() ==
        "EdmPreconditioning{data_deviation 0.3}");
}

TEST_CASE("predictions that divide by the signal are refused where none is left", "[model]") {
  // Where types tell, it does not compile: see tests/build/front_doors.sh.
  const Net<float> network(d, {8});
  const auto build = [&](const auto& equation, const auto& prediction) {
    return sf::ScoreModel{equation, network, prediction, sf::Seed{1}};
  };
  const sf::RectifiedFlow<float> flow;
  const sf::AnySde<float> any(flow);
  using Prediction = sf::AnyPrediction<float>;
  CHECK_THROWS_WITH(build(any, sf::NoisePrediction{}),
                    contains("ScoreModel: expected an equation that leaves signal at t = 1, which the prediction "
                             "divides by, got one that leaves none; predict the velocity"));
  CHECK_THROWS_AS(build(flow, Prediction(sf::ScorePrediction{})), sf::InvalidArgument);
  CHECK_THROWS_AS(build(any, Prediction(sf::EdmPreconditioning{})), sf::InvalidArgument);
  CHECK_THROWS_AS(build(SilentFlow{}, sf::NoisePrediction{}), sf::InvalidArgument);
  CHECK_NOTHROW(build(flow, sf::FlowVelocityPrediction{}));
  CHECK_NOTHROW(build(flow, Prediction(sf::DataPrediction{})));
  CHECK_NOTHROW(build(any, Prediction(sf::VelocityPrediction{})));
  CHECK_NOTHROW(build(any, Correction<float>(mean<float>(), deviation<float>())));
}
