// What scorefield/model/prediction/concept.hpp promises, for every prediction; and each against its formula.
#include "scorefield/model/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

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
};

template <class Scalar>
using Net = sf::DynamicMlp<Scalar>;
template <class Scalar>
using Correction = sf::LinearDenoiserCorrection<Scalar>;

static_assert(sf::FittedPrediction<Correction<float>>);
static_assert(!sf::FittedPrediction<sf::NoisePrediction>);

// A prediction that forgot one thing.
struct WithoutValidation {
  struct Workspace {};
  template <class N>
  Workspace workspace(const N&) const {
    return {};
  }
  template <class E, class S>
  sf::NetworkInput<S> input(const E&, sf::ConstMatrixView<S> x, sf::ConstVectorView<S> t, Workspace&) const {
    return {x, t};
  }
  template <class S>
  void score(sf::ConstMatrixView<S>, sf::MatrixView<S>, Workspace&) const {}
  template <class S>
  void backward(sf::MatrixView<S>, Workspace&) const {}
};
struct Complete : WithoutValidation {
  void validate(sf::Index) const {}
};
struct InputWithoutTime : Complete {
  template <class E, class S>
  sf::ConstMatrixView<S> input(const E&, sf::ConstMatrixView<S> x, sf::ConstVectorView<S>, Workspace&) const {
    return x;
  }
};
struct ScoreNeedsMutable : Complete {
  template <class S>
  void score(sf::ConstMatrixView<S>, sf::MatrixView<S>, Workspace&) {}
};
struct WithoutBackward : Complete {
  void backward() const {}
};

template <class P>
concept OfFloat = sf::Prediction<P, sf::VariancePreserving<float>, Net<float>>;
static_assert(OfFloat<sf::ScorePrediction> && OfFloat<sf::NoisePrediction> && OfFloat<sf::VelocityPrediction>);
static_assert(OfFloat<Correction<float>> && !OfFloat<Correction<double>>);  // one scalar throughout
static_assert(OfFloat<Complete> && !OfFloat<WithoutValidation> && !OfFloat<InputWithoutTime>);
static_assert(!OfFloat<ScoreNeedsMutable> && !OfFloat<WithoutBackward> && !OfFloat<Net<float>>);

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

/// f(model, output) for every prediction and two equations.
template <class Scalar, class F>
void for_each_model(const F& f) {
  for_each_prediction<Scalar>([&](const auto& prediction, const auto& output) {
    const Net<Scalar> network(d, {16, 16});
    f(sf::ScoreModel{sf::VariancePreserving<Scalar>{}, network, prediction, sf::Seed{1}}, output);
    f(sf::ScoreModel{BrownianMotion<Scalar>{}, network, prediction, sf::Seed{1}}, output);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("a perfect output becomes -eps / sigma", "[model]", float, double) {
  using V = sf::Vector<TestType>;
  for_each_model<TestType>([](const auto& model, const auto& output) {
    constexpr sf::Index n = 20;
    const auto t = times<TestType>(n);
    const auto x0 = test::normals<TestType>(d, n, "x0"), eps = test::normals<TestType>(d, n, "eps");
    sf::Matrix<TestType> x(d, n), out(d, n);
    for (sf::Index j = 0; j < n; ++j) {
      const TestType alpha = model.sde().signal(t(j)), sigma = model.sde().deviation(t(j));
      x.col(j) = alpha * x0.col(j) + sigma * eps.col(j);
      out.col(j) = output(alpha, sigma, V(x0.col(j)), V(eps.col(j)));
    }
    auto w = model.workspace();
    const auto input = model.prediction().input(model.sde(), sf::view(std::as_const(x)), sf::view(t), w.prediction);
    CHECK(input.x.rows() == d);
    CHECK(input.t == t);
    model.prediction().score(sf::view(std::as_const(x)), sf::view(out), w.prediction);
    // What is off is some roundings of eps, and of x: to the correction that is noise of 1 / sigma times its size. A
    // rotation from eigenvectors is orthogonal within some ten epsilon.
    double worst = 0;
    for (sf::Index j = 0; j < n; ++j) {
      const TestType sigma = model.sde().deviation(t(j)), size = 1 + x.col(j).cwiseAbs().maxCoeff() / sigma;
      worst = std::max(worst, static_cast<double>((sigma * out.col(j) + eps.col(j)).cwiseAbs().maxCoeff() / size));
    }
    CHECK(worst < 100 * test::Tolerance<TestType>::epsilon);
  });
}

TEST_CASE("backward of a prediction is the transpose of what the score does with the output", "[model]") {
  for_each_model<double>([](const auto& model, const auto&) {
    constexpr sf::Index n = 7;
    const auto t = times<double>(n);
    const auto x = test::normals<double>(d, n, "x"), output = test::normals<double>(d, n, "output");
    auto w = model.workspace();
    const auto score = [&](sf::Matrix<double> f) {
      model.prediction().input(model.sde(), sf::view(x), sf::view(t), w.prediction);
      model.prediction().score(sf::view(x), sf::view(f), w.prediction);
      return f;
    };
    // The loss is sum c score, c small where the score is large. As the score is linear in the output, differences are
    // exact but for rounding.
    sf::Matrix<double> c = test::normals<double>(d, n, "loss");
    for (sf::Index j = 0; j < n; ++j) c.col(j) *= model.sde().deviation(t(j));
    score(output);
    sf::Matrix<double> gradient = c, f = output;
    model.prediction().backward(sf::view(gradient), w.prediction);
    CHECK(gradient.cwiseAbs().maxCoeff() > 0.1);
    CHECK(test::worst_gradient_error({f.data(), f.size()}, {gradient.data(), gradient.size()}, [&] {
            return (c.array() * score(f).array()).sum();
          }) < test::Tolerance<double>::gradient);
  });
}

TEST_CASE("the gradient of a model is that of its score", "[model]") {
  for_each_model<double>([](const auto& model, const auto&) {
    constexpr sf::Index n = 5;
    const auto t = times<double>(n);
    const auto x = test::normals<double>(d, n, "x");
    auto w = model.workspace();
    sf::Vector<double> p = model.parameters(), gradient = sf::Vector<double>::Zero(p.size());
    sf::Matrix<double> c = test::normals<double>(d, n, "loss"), score(d, n);
    for (sf::Index j = 0; j < n; ++j) c.col(j) *= model.sde().deviation(t(j));
    const auto forward = [&] {
      model.score_forward(sf::view(std::as_const(p)), sf::view(x), sf::view(t), sf::view(score), w);
    };
    forward();
    sf::Matrix<double> dscore = c;
    model.score_backward(sf::view(std::as_const(p)), sf::view(dscore), sf::view(gradient), w);
    CHECK(test::worst_gradient_error(sf::view(p), sf::view(std::as_const(gradient)), [&] {
            forward();
            return (c.array() * score.array()).sum();
          }) < test::Tolerance<double>::gradient);
  });
}

TEMPLATE_TEST_CASE("the bits of a score do not depend on the columns around it", "[model]", float, double) {
  for_each_model<TestType>([](const auto& model, const auto&) {
    const sf::Index n = model.chunk_size();
    const auto t = times<TestType>(n);
    const auto x = test::normals<TestType>(d, n, "x");
    sf::Matrix<TestType> all(d, n), kept(d, n), pieces(d, n);
    auto w = model.workspace();
    model.score(sf::view(x), sf::view(t), sf::view(all), w);
    REQUIRE(all.allFinite());
    model.score_forward(sf::view(model.parameters()), sf::view(x), sf::view(t), sf::view(kept), w);
    CHECK(kept == all);
    for (const sf::Index size : {1, 3, 11}) {
      const sf::Chunks chunks{n, size};
      for (sf::Index i = 0; i < chunks.pieces(); ++i) {
        const sf::Index first = chunks.first(i), count = chunks.length(i);
        model.score(sf::columns(x, first, count), sf::segment(sf::view(t), first, count),
                    sf::columns(pieces, first, count), w);
      }
      CHECK(pieces == all);
    }
  });
}

TEST_CASE("scores and their gradients allocate nothing", "[model]") {
  for_each_model<float>([](const auto& model, const auto&) {
    const sf::Index n = model.chunk_size();
    const auto t = times<float>(n);
    const auto x = test::normals<float>(d, n, "x");
    sf::Matrix<float> score(d, n);
    sf::Vector<float> gradient = sf::Vector<float>::Zero(model.parameters().size());
    auto w = model.workspace();
    CHECK(test::count_allocations([&] {
            model.score(sf::view(x), sf::view(t), sf::view(score), w);
            model.score_forward(sf::view(model.parameters()), sf::view(x), sf::view(t), sf::view(score), w);
            model.score_backward(sf::view(model.parameters()), sf::view(score), sf::view(gradient), w);
          }) == 0);
  });
}
