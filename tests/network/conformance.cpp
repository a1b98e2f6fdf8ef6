// What scorefield/network/concept.hpp promises, for every network.
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/layer.hpp"
#include "scorefield/network.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

template <sf::Network N>
sf::Vector<typename N::Scalar> parameters(const N& network) {
  sf::Vector<typename N::Scalar> p(network.layout().size());
  network.initialise(sf::view(p), sf::Random(sf::Seed{5}, "parameters"));
  return p;
}

template <class Scalar>
sf::Vector<Scalar> times(sf::Index n) {
  return sf::Vector<Scalar>::LinSpaced(n, 0, 1);
}

/// All that a network computes for some columns of x, t and dy.
template <sf::Network N>
struct Results {
  using Scalar = typename N::Scalar;

  Results(const N& network, const sf::Vector<Scalar>& p, const sf::Matrix<Scalar>& x, const sf::Vector<Scalar>& t,
          const sf::Matrix<Scalar>& dy, typename N::Workspace& workspace)
      : evaluated(x.rows(), x.cols()),
        forwarded(x.rows(), x.cols()),
        dx(sf::Matrix<Scalar>::Constant(x.rows(), x.cols(), std::numeric_limits<Scalar>::quiet_NaN())),
        g(sf::Vector<Scalar>::Zero(p.size())) {
    auto scratch = dy;
    network.evaluate(sf::view(p), sf::view(x), sf::view(t), sf::view(evaluated), workspace);
    network.forward(sf::view(p), sf::view(x), sf::view(t), sf::view(forwarded), workspace);
    network.backward(sf::view(p), sf::view(scratch), sf::view(dx), sf::view(g), workspace);
  }

  sf::Matrix<Scalar> evaluated, forwarded, dx;
  sf::Vector<Scalar> g;
};

template <sf::Network N>
void check_network(const N& network) {
  using Scalar = typename N::Scalar;
  const sf::Index d = network.dimension(), n = network.chunk_size();
  CAPTURE(d, n);

  sf::Index offset = 0;
  for (const auto& piece : network.layout().pieces()) {
    CHECK(piece.offset == offset);
    offset += piece.size();
  }
  CHECK(network.layout().size() == offset);

  const auto p = parameters(network);
  CHECK(p.allFinite());
  const auto x = test::normals<Scalar>(d, n, "x"), dy = test::normals<Scalar>(d, n, "dy");
  const auto t = times<Scalar>(n);
  auto workspace = network.workspace();
  const Results<N> all(network, p, x, t, dy, workspace);
  REQUIRE(all.evaluated.allFinite());
  CHECK(all.evaluated == all.forwarded);
  CHECK(all.dx.allFinite());
  CHECK(all.g.allFinite());
  // t is an input, too.
  const Results<N> later(network, p, x, (t.array() + 1).matrix(), dy, workspace);
  CHECK(later.evaluated != all.evaluated);

  // A sample's bits do not depend on how many come with it, nor on what the workspace did before.
  for (sf::Index count = 1; count <= n; ++count) {
    CAPTURE(count);
    const Results<N> some(network, p, x.rightCols(count), t.tail(count), dy.rightCols(count), workspace);
    REQUIRE(some.evaluated == all.evaluated.rightCols(count));
    REQUIRE(some.forwarded == all.evaluated.rightCols(count));
    REQUIRE(some.dx == all.dx.rightCols(count));
  }

  // g is added to, and does not depend on whether dx is wanted.
  sf::Vector<Scalar> twice = sf::Vector<Scalar>::Zero(p.size()), once = twice;
  sf::Matrix<Scalar> y(d, n), none(d, 0);
  for (int round = 0; round < 2; ++round) {
    auto scratch = dy;
    network.forward(sf::view(p), sf::view(x), sf::view(t), sf::view(y), workspace);
    network.backward(sf::view(p), sf::view(scratch), sf::view(none), sf::view(twice), workspace);
    if (round == 0) once = twice;
  }
  CHECK(once == all.g);
  // Chains of at most n + 1 additions that start elsewhere, each rounded.
  const double bound = static_cast<double>(n) * test::Tolerance<Scalar>::epsilon * (1 + once.cwiseAbs().maxCoeff());
  CHECK((twice - 2 * once).cwiseAbs().maxCoeff() < bound);

  auto scratch = dy;
  sf::Matrix<Scalar> dx(d, n);
  CHECK(test::count_allocations([&] {
          network.evaluate(sf::view(p), sf::view(x), sf::view(t), sf::view(y), workspace);
          network.forward(sf::view(p), sf::view(x), sf::view(t), sf::view(y), workspace);
          network.backward(sf::view(p), sf::view(scratch), sf::view(dx), sf::view(once), workspace);
        }) == 0);

  if constexpr (std::same_as<Scalar, double>) {
    const auto errors = test::gradient_errors(network, 7);
    CHECK(errors.parameters < test::Tolerance<double>::gradient);
    CHECK(errors.inputs < test::Tolerance<double>::gradient);
  }
}

/// A network of the user's own: x times (a + b t), number by number.
class Gain {
 public:
  using Scalar = double;
  struct Workspace {
    sf::Matrix<double> x;
    sf::Vector<double> t;
  };

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
  Workspace workspace() const { return {sf::Matrix<double>(3, 8), sf::Vector<double>(8)}; }
  void evaluate(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstVectorView<double> t,
                sf::MatrixView<double> y, Workspace&) const {
    for (sf::Index j = 0; j < x.cols(); ++j)
      for (sf::Index i = 0; i < 3; ++i) y(i, j) = x(i, j) * gain(p, i, t(j));
  }
  void forward(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstVectorView<double> t,
               sf::MatrixView<double> y, Workspace& w) const {
    w.x.leftCols(x.cols()) = x;
    w.t.head(x.cols()) = t;
    evaluate(p, x, t, y, w);
  }
  void backward(sf::ConstVectorView<double> p, sf::MatrixView<double> dy, sf::MatrixView<double> dx,
                sf::VectorView<double> g, Workspace& w) const {
    for (sf::Index j = 0; j < dy.cols(); ++j)
      for (sf::Index i = 0; i < 3; ++i) {
        g(i) += dy(i, j) * w.x(i, j);
        g(3 + i) += dy(i, j) * w.x(i, j) * w.t(j);
        if (dx.cols() > 0) dx(i, j) = dy(i, j) * gain(p, i, w.t(j));
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
  check_network(sf::Mlp<double, 2, 16, 8>{});
  check_network(sf::Mlp<float, 2, 16, 8>{});
  check_network(sf::StaticMlp<double, sf::SiLU, 3, 5>{});
}

TEST_CASE("an MLP whose sizes are known at run time keeps the promises of a network", "[network]") {
  check_network(sf::DynamicMlp<double>(2, {16, 8, 7}));
  check_network(sf::DynamicMlp<float, sf::Tanh>(5, {11}));
}

TEST_CASE("a network of the user's own keeps the promises of a network", "[network]") { check_network(Gain{}); }

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
  const auto p = parameters(fixed);
  REQUIRE(parameters(dynamic) == p);
  const auto x = test::normals<TestType>(2, 33, "x"), dy = test::normals<TestType>(2, 33, "dy");
  auto fixed_workspace = fixed.workspace();
  auto dynamic_workspace = dynamic.workspace();
  const Results a(fixed, p, x, times<TestType>(33), dy, fixed_workspace);
  const Results b(dynamic, p, x, times<TestType>(33), dy, dynamic_workspace);
  CHECK(a.forwarded == b.forwarded);
  CHECK(a.dx == b.dx);
  CHECK(a.g == b.g);
}

TEST_CASE("no two layers of an MLP start alike", "[network]") {
  // Layers of equal shape would give equal numbers if their indices were equal.
  const auto p = parameters(sf::DynamicMlp<double>(7, {8, 8, 8, 8}));
  const sf::Index layer = 8 * 8 + 8;
  for (sf::Index i = 0; i < 4; ++i)
    for (sf::Index j = 0; j < i; ++j) CHECK(p.segment(i * layer, layer) != p.segment(j * layer, layer));
}

TEST_CASE("an MLP refuses widths that make none", "[network]") {
  CHECK_THROWS_AS(sf::DynamicMlp<float>(0, {8}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::DynamicMlp<float>(2, {8, 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::DynamicMlp<float>(2, {}), sf::InvalidArgument);
}
