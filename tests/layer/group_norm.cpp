#include "scorefield/layer/group_norm.hpp"

#include <cmath>
#include <string>

#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/activation/tanh.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Group normalisation with gains and offsets of each sample its own, as parameters: what a block that its context
/// modulates does. A layer for batches of `Samples` alone.
template <class S, sf::Activation F, sf::Index Samples>
class Modulated {
 public:
  using Scalar = S;
  using Workspace = typename sf::detail::GroupNormaliser<S, F>::Workspace;

  Modulated(const sf::ImageShape& shape, sf::Index groups) : normaliser_("Modulated", shape, groups, S(1e-5)) {}
  sf::Index inputs() const { return normaliser_.shape().size(); }
  sf::Index context_size() const { return 0; }
  sf::Index outputs() const { return inputs(); }
  sf::Index parameter_count() const { return 2 * normaliser_.shape().channels * Samples; }
  void declare(sf::ParameterLayout&, const std::string&) const {}
  void initialise(sf::VectorView<S> p, const sf::Random&, sf::Index) const { p.setOnes(); }
  Workspace workspace(sf::Index columns) const { return normaliser_.workspace(columns); }
  void evaluate(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::MatrixView<S> y,
                Workspace& w) const {
    normaliser_.evaluate(x, affine(p), y, w);
  }
  void forward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::MatrixView<S> y,
               Workspace& w) const {
    normaliser_.forward(x, affine(p), y, w);
  }
  void backward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::ConstMatrixView<S>,
                sf::MatrixView<S> dy, sf::MatrixView<S> dx, sf::MatrixView<S>, sf::VectorView<S> g,
                Workspace& w) const {
    normaliser_.backward(x, affine(p), dy, dx,
                         sf::MatrixView<S>(g.data(), g.size() / Samples, g.size() > 0 ? Samples : 0), w);
  }

 private:
  static sf::ConstMatrixView<S> affine(sf::ConstVectorView<S> p) { return {p.data(), p.size() / Samples, Samples}; }

  sf::detail::GroupNormaliser<S, F> normaliser_;
};

}  // namespace

TEMPLATE_TEST_CASE("group normalisation leaves each group of a sample with mean 0 and variance 1", "[layer]", float,
                   double) {
  using S = TestType;
  const sf::ImageShape shape{.height = 4, .width = 5, .channels = 6};
  const sf::GroupNorm<S> layer(shape, 2, S(1e-20));
  sf::Matrix<S> x = test::input<S>(layer.inputs(), 3);
  x.array() = 3 * x.array() + 50;  // a mean far larger than the deviation
  const auto y = test::outputs(layer, test::starting_values(layer), x);
  for (sf::Index j = 0; j < 3; ++j) {
    const Eigen::Map<const sf::Matrix<S>> image(y.col(j).data(), 6, 20);
    for (const sf::Index first : {0, 3}) {
      const sf::Matrix<double> group = image.middleRows(first, 3).template cast<double>();
      // Means of 60 numbers, off by roundings of inputs near 50 at a deviation of 3.
      CHECK(std::abs(group.mean()) < 50 * test::Tolerance<S>::epsilon);
      CHECK(std::abs(group.squaredNorm() / 60 - 1) < 50 * test::Tolerance<S>::epsilon);
    }
  }
}

TEMPLATE_TEST_CASE("group normalisation is weight (x - mean) / sqrt(variance + epsilon) + bias", "[layer]", float,
                   double) {
  using S = TestType;
  const auto near = [](const sf::Matrix<S>& got, const sf::Matrix<S>& expected) {
    return (got - expected).cwiseAbs().maxCoeff() < 4 * test::Tolerance<S>::formula;
  };
  // The group of channels 0 and 1 has mean 3 and variance 5, that of 2 and 3 mean 0 and variance 1.
  const sf::GroupNorm<S> layer({.height = 1, .width = 2, .channels = 4}, 2, S(4));
  const sf::Matrix<S> x = sf::Vector<S>{{0, 2, -1, 1, 4, 6, 1, -1}};
  const S s = std::sqrt(S(5));
  sf::Vector<S> p(8);
  p << 1, 2, 3, 4, 10, 20, 30, 40;
  CHECK(near(test::outputs(layer, p, x),
             sf::Vector<S>{{9, 20 - S(2) / 3, 30 - 3 / s, 40 + 4 / s, 10 + S(1) / 3, 22, 30 + 3 / s, 40 - 4 / s}}));
}

TEST_CASE("group normalisation names its weight and bias, which start at 1 and 0", "[layer]") {
  const sf::GroupNorm<double> layer({.height = 1, .width = 2, .channels = 4}, 2);
  sf::ParameterLayout layout;
  layer.declare(layout, "");
  REQUIRE(layout.pieces().size() == 2);
  CHECK((layout.pieces()[0].name == "weight" && layout.pieces()[0].rows == 4 && layout.pieces()[0].cols == 1));
  CHECK((layout.pieces()[1].name == "bias" && layout.pieces()[1].rows == 4 && layout.pieces()[1].cols == 1));
  CHECK(test::starting_values(layer) == sf::Vector<double>{{1, 1, 1, 1, 0, 0, 0, 0}});
}

TEST_CASE("group normalisation with an activation is the activation of the same without", "[layer]") {
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 6};
  const sf::GroupNorm<double> plain(shape, 3);
  const auto p = test::parameters(plain);
  const auto x = test::input<double>(plain.inputs(), 4);
  const auto y = test::outputs(sf::GroupNorm<double, sf::Tanh>(shape, 3), p, x);
  const sf::Matrix<double> expected = test::outputs(plain, p, x).array().tanh();
  CHECK((y - expected).cwiseAbs().maxCoeff() < test::Tolerance<double>::formula);
}

TEMPLATE_TEST_CASE("a normalisation may be modulated for each sample on its own", "[layer]", sf::Identity, sf::SiLU) {
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 6};
  const Modulated<double, TestType, 4> layer(shape, 3);
  const auto errors = test::gradient_errors(layer, 4);
  CHECK(errors.parameters < test::Tolerance<double>::gradient);
  CHECK(errors.inputs < test::Tolerance<double>::gradient);

  // Each sample as a layer with those parameters would have it.
  const auto p = test::parameters(layer);
  const auto x = test::input<double>(layer.inputs(), 4);
  const auto y = test::outputs(layer, p, x);
  for (sf::Index j = 0; j < 4; ++j)
    CHECK(test::outputs(sf::GroupNorm<double, TestType>(shape, 3), p.segment(12 * j, 12), x.col(j)) == y.col(j));
}

TEST_CASE("group normalisation refuses what it cannot do", "[layer]") {
  const sf::ImageShape shape{.height = 1, .width = 1, .channels = 6};
  CHECK_THROWS_WITH(sf::GroupNorm<float>(shape, 4),
                    test::contains("GroupNorm: expected a number of groups that divides the channels, got 4 groups"));
  CHECK_THROWS_AS(sf::GroupNorm<float>(shape, 0), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::GroupNorm<float>(shape, 6),
                    test::contains("GroupNorm: expected groups of more than one number, got 6 of one number each"));
  CHECK_THROWS_WITH(sf::GroupNorm<float>(shape, 2, 0.0f),
                    test::contains("GroupNorm: expected a finite positive epsilon, got 0"));
  CHECK_THROWS_AS(sf::GroupNorm<float>({.height = 0, .width = 1, .channels = 6}, 2), sf::InvalidArgument);
}
