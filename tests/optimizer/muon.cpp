// Muon against its formula, by the singular values of what it moves.
#include <Eigen/SVD>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "scorefield/optimizer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

static_assert(sf::MatrixOptimizer<sf::Muon>);
static_assert(!sf::MatrixOptimizer<sf::Adam>);

/// A weight with the state of its optimizer.
template <class Scalar>
class Weight {
 public:
  Weight(const sf::Muon& muon, sf::Index rows, sf::Index columns)
      : p(sf::Matrix<Scalar>::Zero(rows, columns)), muon_(muon), mean_(p), square_(p) {
    sf::ParameterLayout layout;
    layout.add("small", 15, 100);
    layout.add("weight", rows, columns);
    CHECK_FALSE(sf::Muon::moves_matrix(layout.pieces()[0]));
    CHECK(sf::Muon::moves_matrix(layout.pieces()[1]));
    workspace_ = muon.workspace<Scalar>(layout);
  }

  void update(const sf::Matrix<Scalar>& g, double rate, sf::Index step = 1) {
    muon_.update_matrix(sf::view(p), sf::view(g), {sf::view(mean_), sf::view(square_)}, rate, step, workspace_);
  }

  sf::Matrix<Scalar> p;

 private:
  sf::Muon muon_;
  sf::Matrix<Scalar> mean_, square_;
  typename sf::Muon::Workspace<Scalar> workspace_;
};

/// What five steps of the iteration make of a singular value.
double iterated(double s) {
  for (int i = 0; i < 5; ++i) s = 3.4445 * s - 4.7750 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
  return s;
}

/// The update from p = 0 for a gradient whose running mean is `mean`, by its singular value decomposition.
sf::Matrix<double> expected_step(const sf::Matrix<double>& mean, double rate) {
  const Eigen::JacobiSVD<sf::Matrix<double>> svd(mean, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const sf::Vector<double> s = (svd.singularValues() / mean.norm()).unaryExpr(&iterated);
  const double size = 0.2 * std::sqrt(static_cast<double>(std::max(mean.rows(), mean.cols())));
  return -rate * size * svd.matrixU() * s.asDiagonal() * svd.matrixV().transpose();
}

}  // namespace

TEMPLATE_TEST_CASE("Muon moves along the orthogonal matrix near the gradient", "[optimizer]", float, double) {
  for (const auto& [rows, columns] : {std::pair<sf::Index, sf::Index>{16, 16}, {20, 45}, {45, 20}, {33, 130}}) {
    CAPTURE(rows, columns);
    const auto g = test::normals<TestType>(rows, columns, "gradient");
    Weight<TestType> weight(sf::Muon{}, rows, columns);
    weight.update(g, 0.5);
    const sf::Matrix<double> error = weight.p.template cast<double>() - expected_step(g.template cast<double>(), 0.5);
    // Each of five steps multiplies a rounding error by at most 3.4445 and adds some of its own.
    CHECK(error.cwiseAbs().maxCoeff() < 500 * test::Tolerance<TestType>::epsilon);
  }
}

TEST_CASE("all directions of a weight move alike", "[optimizer]") {
  // Far from alike in the gradient: singular values from 0.02 to 1, over the norm from 0.011 to 0.57.
  const Eigen::HouseholderQR<sf::Matrix<double>> u(test::normals<double>(20, 20, "u")),
      v(test::normals<double>(20, 20, "v"));
  const sf::Matrix<double> q = u.householderQ(), r = v.householderQ();
  const sf::Vector<double> s = sf::Vector<double>::LinSpaced(20, std::log(0.02), 0).array().exp();
  Weight<double> weight(sf::Muon{}, 20, 20);
  weight.update(q * s.asDiagonal() * r.transpose(), 1);
  const sf::Vector<double> moved =
      Eigen::JacobiSVD<sf::Matrix<double>>(weight.p).singularValues() / (0.2 * std::sqrt(20.0));
  CHECK(moved.maxCoeff() < 1.14);
  CHECK(moved.minCoeff() > 0.67);
}

TEMPLATE_TEST_CASE("small singular values are moved as the iteration says, in floats too", "[optimizer]", float,
                   double) {
  // From 1e-6 to 1, their squares far below what rounding leaves of the largest; a wide weight and a tall one.
  const Eigen::HouseholderQR<sf::Matrix<double>> u(test::normals<double>(24, 24, "u")),
      v(test::normals<double>(70, 70, "v"));
  const sf::Matrix<double> q = u.householderQ(), r = v.householderQ();
  const sf::Vector<double> s = sf::Vector<double>::LinSpaced(24, std::log(1e-6), 0).array().exp();
  const sf::Matrix<double> g = q * s.asDiagonal() * r.topRows(24);
  const sf::Vector<double> expected = (s / s.norm()).unaryExpr(&iterated) * 0.2 * std::sqrt(70.0);
  // Rounding moves eigenvalues of G by a few epsilon, and four steps make this 12^4 times as much of the small ones,
  // for which p changes by 4.775 times that.
  const double tolerance = 5 * 20736 * 4.775 * test::Tolerance<TestType>::epsilon;
  for (const bool wide : {true, false}) {
    Weight<TestType> weight(sf::Muon{}, wide ? 24 : 70, wide ? 70 : 24);
    weight.update((wide ? g : sf::Matrix<double>(g.transpose())).template cast<TestType>(), 1);
    const sf::Matrix<double> p = weight.p.template cast<double>();
    const sf::Matrix<double> moved =
        -(wide ? q.transpose() * p * r.topRows(24).transpose() : sf::Matrix<double>(r.topRows(24) * p * q));
    CHECK((moved - sf::Matrix<double>(expected.asDiagonal())).cwiseAbs().maxCoeff() < tolerance);
  }
}

TEST_CASE("Muon's mean of gradients is Nesterov's", "[optimizer]") {
  const sf::Muon muon{.momentum = 0.75};
  const auto first = test::normals<double>(16, 24, "first"), second = test::normals<double>(16, 24, "second");
  Weight<double> weight(muon, 16, 24);
  weight.update(first, 0.1, 1);
  const sf::Matrix<double> start = weight.p;
  weight.update(second, 0.1, 2);
  const sf::Matrix<double> mean = 0.75 * 0.25 * first + 0.25 * second;
  CHECK((weight.p - start - expected_step(0.75 * mean + 0.25 * second, 0.1)).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("Muon's steps do not depend on the scale of the gradient, and none has none", "[optimizer]") {
  const auto g = test::normals<double>(16, 24, "gradient");
  Weight<double> small(sf::Muon{}, 16, 24), large = small, none = small;
  small.update(1e-30 * g, 0.1);
  large.update(1e+30 * g, 0.1);
  CHECK((small.p - large.p).cwiseAbs().maxCoeff() < 1e-13);
  none.update(0 * g, 0.1);
  CHECK(none.p.isZero(0));
}

TEST_CASE("weight decay shrinks a matrix by Muon as a vector by Adam", "[optimizer]") {
  Weight<double> weight(sf::Muon{.weight_decay = 0.5}, 16, 24);
  weight.p.setOnes();
  weight.update(sf::Matrix<double>::Zero(16, 24), 0.1);
  CHECK(weight.p == sf::Matrix<double>::Constant(16, 24, 1 - 0.1 * 0.5));
}

TEST_CASE("Muon moves a weight without allocating", "[optimizer]") {
  const auto g = test::normals<float>(40, 400, "gradient");
  Weight<float> weight(sf::Muon{}, 40, 400);
  CHECK(test::count_allocations([&] { weight.update(g, 0.1); }) == 0);
}

TEST_CASE("what Muon does not move as a matrix moves by Adam", "[optimizer]") {
  const sf::Adam adam{.beta1 = 0.8, .beta2 = 0.95};
  const auto g = test::normals<double>(7, 1, "gradient");
  std::array<sf::Vector<double>, 2> p, mean, square;
  for (std::size_t i = 0; i < 2; ++i) p[i] = mean[i] = square[i] = sf::Vector<double>::Zero(7);
  const sf::Vector<double> gradient = g;
  adam.update(sf::view(p[0]), sf::view(gradient), {sf::view(mean[0]), sf::view(square[0])}, 0.1, 1);
  sf::Muon{.beta1 = 0.8, .beta2 = 0.95}.update(sf::view(p[1]), sf::view(gradient),
                                               {sf::view(mean[1]), sf::view(square[1])}, 0.1, 1);
  CHECK(p[0] == p[1]);
  CHECK(p[0] != sf::Vector<double>::Zero(7));
}

TEST_CASE("hyper-parameters with which Muon cannot work are refused", "[optimizer]") {
  for (const double rate : {0.0, -1.0, std::nan("")})
    CHECK_THROWS_AS((sf::Muon{.learning_rate = rate}.validate()), sf::InvalidArgument);
  for (const double momentum : {-0.1, 1.0, std::nan("")})
    CHECK_THROWS_AS((sf::Muon{.momentum = momentum}.validate()), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Muon{.beta1 = 1}.validate(), sf::InvalidArgument);
  CHECK_THROWS_WITH((sf::Muon{.momentum = 1}.validate()), "Muon: expected momentum in [0, 1), got 1; 0.95 is usual");
}

TEST_CASE("Muon's steps are the same for floats whose squares overflow or vanish", "[optimizer]") {
  const auto g = test::normals<float>(16, 24, "gradient");
  Weight<float> plain(sf::Muon{}, 16, 24), large = plain, small = plain;
  plain.update(g, 0.1);
  large.update(1e20f * g, 0.1);
  small.update(1e-30f * g, 0.1);
  REQUIRE(large.p.allFinite());
  CHECK(!plain.p.isZero(0.01f));
  // The same numbers but for the rounding of each gradient, which five steps enlarge, see above.
  CHECK((large.p - plain.p).cwiseAbs().maxCoeff() < 500 * test::Tolerance<float>::epsilon);
  CHECK((small.p - plain.p).cwiseAbs().maxCoeff() < 500 * test::Tolerance<float>::epsilon);
}
