// What scorefield/network/concept.hpp promises, for networks on any numbers.
#include <string>

#include "scorefield/layer.hpp"
#include "scorefield/network.hpp"

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// A network of the user's own: x times (a + b t), number by number.
class Gain {
 public:
  using Scalar = double;
  struct Workspace {};

  sf::Index dimension() const { return 3; }
  sf::Index chunk_size() const { return 8; }
  sf::ParameterLayout layout() const {
    sf::ParameterLayout layout;
    layout.add("a", 3, 1);
    layout.add("b", 3, 1);
    return layout;
  }
  void initialise(sf::VectorView<double> p, const sf::Random& random) const {
    random.uniform(sf::MatrixView<double>(p.data(), 6, 1), 0, 0);
  }
  Workspace workspace() const { return {}; }
  void evaluate(sf::ConstVectorView<double> p, const sf::NoisyBatch<double>& batch, sf::MatrixView<double> y,
                Workspace&) const {
    for (sf::Index j = 0; j < batch.size(); ++j)
      for (sf::Index i = 0; i < 3; ++i) y(i, j) = batch.x(i, j) * gain(p, i, batch.t(j));
  }
  void forward(sf::ConstVectorView<double> p, const sf::NoisyBatch<double>& batch, sf::MatrixView<double> y,
               Workspace& w) const {
    evaluate(p, batch, y, w);
  }
  void backward(sf::ConstVectorView<double> p, const sf::NoisyBatch<double>& batch, sf::ConstMatrixView<double>,
                sf::MatrixView<double> dy, sf::MatrixView<double> dx, sf::VectorView<double> g, Workspace&) const {
    for (sf::Index j = 0; j < batch.size(); ++j)
      for (sf::Index i = 0; i < 3; ++i) {
        if (g.size() > 0) {
          g(i) += dy(i, j) * batch.x(i, j);
          g(3 + i) += dy(i, j) * batch.x(i, j) * batch.t(j);
        }
        if (dx.cols() > 0) dx(i, j) = dy(i, j) * gain(p, i, batch.t(j));
      }
  }

 private:
  static double gain(sf::ConstVectorView<double> p, sf::Index i, double t) { return p(i) + p(3 + i) * t; }
};

struct GainWithoutLayout : Gain {
  void layout() const;
};

static_assert(sf::Network<sf::Mlp<float, 2, 64, 64, 64>>);
static_assert(sf::Network<sf::DynamicMlp<double>>);
static_assert(sf::Network<sf::DynamicMlp<double, sf::Tanh>>);
static_assert(sf::Network<Gain>);
static_assert(!sf::Network<GainWithoutLayout>);
static_assert(!sf::Network<sf::Dense<float>>);
static_assert(sf::Layer<sf::Sequential<sf::Dense<float>, sf::Dense<float>>>);
static_assert(!sf::Network<sf::Sequential<sf::Dense<float>, sf::Dense<float>>>);

}  // namespace

TEST_CASE("an MLP keeps the promises of a network", "[network]") {
  test::check_network(sf::Mlp<double, 2, 16, 8>{});
  test::check_network(sf::Mlp<float, 2, 16, 8>{});
  test::check_network(sf::StaticMlp<double, sf::SiLU, 3, 5>{});
}

TEST_CASE("an MLP whose sizes are known at run time keeps the promises of a network", "[network]") {
  test::check_network(sf::DynamicMlp<double>(2, {16, 8, 7}));
  test::check_network(sf::DynamicMlp<float, sf::Tanh>(5, {11}));
}

TEST_CASE("an MLP that is given a condition keeps the promises of a network", "[network]") {
  test::check_network(sf::DynamicMlp<double>(2, {16, 8}, {.condition = 3}));
  test::check_network(sf::DynamicMlp<float, sf::SiLU>(5, {11}, {.condition = 1}));
}

TEST_CASE("a network of the user's own keeps the promises of a network", "[network]") { test::check_network(Gain{}); }

TEST_CASE("the pieces of an MLP have names and shapes", "[network]") {
  const auto layout = sf::Mlp<float, 2, 64, 64, 64>{}.layout();
  CHECK(layout.size() == 8706);
  std::string all;
  for (const auto& piece : layout.pieces()) all += sf::text(piece.name, " ", piece.rows, " x ", piece.cols, "\n");
  CHECK(all ==
        "hidden.0.weight 64 x 3\n"
        "hidden.0.bias 64 x 1\n"
        "hidden.1.weight 64 x 64\n"
        "hidden.1.bias 64 x 1\n"
        "hidden.2.weight 64 x 64\n"
        "hidden.2.bias 64 x 1\n"
        "output.weight 2 x 64\n"
        "output.bias 2 x 1\n");
}

TEMPLATE_TEST_CASE("sizes in the type and at run time give the same bits", "[network]", float, double) {
  const sf::Mlp<TestType, 2, 16, 8> fixed;
  const sf::DynamicMlp<TestType> dynamic(2, {16, 8});
  const auto p = test::starting_values(fixed);
  REQUIRE(test::starting_values(dynamic) == p);
  const auto x = test::normals<TestType>(2, 33, "x"), dy = test::normals<TestType>(2, 33, "dy");
  auto fixed_workspace = fixed.workspace();
  auto dynamic_workspace = dynamic.workspace();
  const test::Results a(fixed, p, x, test::times<TestType>(33), dy, fixed_workspace);
  const test::Results b(dynamic, p, x, test::times<TestType>(33), dy, dynamic_workspace);
  CHECK(a.forwarded == b.forwarded);
  CHECK(a.dx == b.dx);
  CHECK(a.g == b.g);
}

TEST_CASE("no two layers of an MLP start alike", "[network]") {
  // Layers of equal shape would give equal numbers if their indices were equal.
  const auto p = test::starting_values(sf::DynamicMlp<double>(7, {8, 8, 8, 8}));
  const sf::Index layer = 8 * 8 + 8;
  for (sf::Index i = 0; i < 4; ++i)
    for (sf::Index j = 0; j < i; ++j) CHECK(p.segment(i * layer, layer) != p.segment(j * layer, layer));
}

TEST_CASE("an MLP refuses widths that make none", "[network]") {
  CHECK_THROWS_AS(sf::DynamicMlp<float>(0, {8}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::DynamicMlp<float>(2, {8, 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::DynamicMlp<float>(2, {}), sf::InvalidArgument);
}
