/// What scorefield/network/concept.hpp promises, as checks of any network.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <set>
#include <string>

#include "scorefield/network/concept.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace scorefield::test {

/// What a network starts from.
template <Network N>
Vector<typename N::Scalar> starting_values(const N& network) {
  using Scalar = typename N::Scalar;
  Vector<Scalar> p = Vector<Scalar>::Constant(network.layout().size(), std::numeric_limits<Scalar>::quiet_NaN());
  network.initialise(view(p), Random(Seed{5}, "parameters"));
  return p;
}

/// Parameters that are special to no network: a U-Net that starts as 0 has hardly a gradient there.
template <Network N>
Vector<typename N::Scalar> parameters(const N& network) {
  using Scalar = typename N::Scalar;
  return starting_values(network) + normals<Scalar>(network.layout().size(), 1, "parameters") / 10;
}

template <class Scalar>
Vector<Scalar> times(Index n) {
  return Vector<Scalar>::LinSpaced(n, 0, 1);
}

/// network(x, t), by evaluate.
template <Network N>
Matrix<typename N::Scalar> outputs(const N& network, const Vector<typename N::Scalar>& p,
                                   const Matrix<typename N::Scalar>& x, const Vector<typename N::Scalar>& t) {
  Matrix<typename N::Scalar> y(x.rows(), x.cols());
  auto workspace = network.workspace();
  network.evaluate(view(p), view(x), view(t), view(y), workspace);
  return y;
}

/// All that a network computes for some columns of x, t and dy.
template <Network N>
struct Results {
  using Scalar = typename N::Scalar;

  Results(const N& network, const Vector<Scalar>& p, const Matrix<Scalar>& x, const Vector<Scalar>& t,
          Matrix<Scalar> dy, typename N::Workspace& workspace)
      : evaluated(x.rows(), x.cols()),
        forwarded(x.rows(), x.cols()),
        dx(Matrix<Scalar>::Constant(x.rows(), x.cols(), std::numeric_limits<Scalar>::quiet_NaN())),
        g(Vector<Scalar>::Zero(p.size())) {
    network.evaluate(view(p), view(x), view(t), view(evaluated), workspace);
    network.forward(view(p), view(x), view(t), view(forwarded), workspace);
    network.backward(view(p), view(dy), view(dx), view(g), workspace);
  }

  Matrix<Scalar> evaluated, forwarded, dx;
  Vector<Scalar> g;
};

template <Network N>
void check_layout(const N& network) {
  Index offset = 0;
  std::set<std::string> names;
  for (const auto& piece : network.layout().pieces()) {
    CHECK(piece.offset == offset);
    CHECK(names.insert(piece.name).second);
    offset += piece.size();
  }
  CHECK(network.layout().size() == offset);
  CHECK(starting_values(network).allFinite());
}

/// A sample's bits do not depend on how many come with it, up to n, nor on what the workspace did before.
template <Network N>
void check_columns_on_their_own(const N& network, const Vector<typename N::Scalar>& p, Index n) {
  using Scalar = typename N::Scalar;
  const Index d = network.dimension();
  const auto x = normals<Scalar>(d, n, "x"), dy = normals<Scalar>(d, n, "dy");
  const auto t = times<Scalar>(n);
  auto workspace = network.workspace();
  const Results<N> all(network, p, x, t, dy, workspace);
  REQUIRE(all.evaluated.allFinite());
  CHECK(all.evaluated == all.forwarded);
  CHECK(all.dx.allFinite());
  CHECK(outputs(network, p, x, (t.array() + 1).matrix()) != all.evaluated);  // t is an input, too
  for (Index count = 1; count <= n; ++count) {
    CAPTURE(count);
    const Results<N> some(network, p, x.rightCols(count), t.tail(count), dy.rightCols(count), workspace);
    REQUIRE(some.evaluated == all.evaluated.rightCols(count));
    REQUIRE(some.forwarded == all.evaluated.rightCols(count));
    REQUIRE(some.dx == all.dx.rightCols(count));
  }
}

/// g is added to, and does not depend on whether dx is wanted.
template <Network N>
void check_backward_manners(const N& network, const Vector<typename N::Scalar>& p) {
  using Scalar = typename N::Scalar;
  const Index d = network.dimension(), n = network.chunk_size();
  const auto x = normals<Scalar>(d, n, "x"), dy = normals<Scalar>(d, n, "dy");
  const auto t = times<Scalar>(n);
  auto workspace = network.workspace();
  const Vector<Scalar> once = Results<N>(network, p, x, t, dy, workspace).g;
  CHECK(once.allFinite());
  CHECK(once.norm() > 0);

  Matrix<Scalar> y(d, n), none(d, 0);
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  const auto backward = [&] {
    auto scratch = dy;
    network.forward(view(p), view(x), view(t), view(y), workspace);
    network.backward(view(p), view(scratch), view(none), view(g), workspace);
  };
  backward();
  CHECK(g == once);
  backward();
  // Chains of at most n d + 1 additions that start elsewhere, each rounded.
  const double bound = static_cast<double>(n * d) * Tolerance<Scalar>::epsilon * (1 + once.cwiseAbs().maxCoeff());
  CHECK((g - 2 * once).cwiseAbs().maxCoeff() < bound);
}

template <Network N>
void check_allocations(const N& network, const Vector<typename N::Scalar>& p) {
  using Scalar = typename N::Scalar;
  const Index d = network.dimension(), n = network.chunk_size();
  const auto x = normals<Scalar>(d, n, "x");
  const auto t = times<Scalar>(n);
  auto workspace = network.workspace();
  Matrix<Scalar> y(d, n), dx(d, n), dy = Matrix<Scalar>::Ones(d, n);
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  CHECK(count_allocations([&] {
          network.evaluate(view(p), view(x), view(t), view(y), workspace);
          network.forward(view(p), view(x), view(t), view(y), workspace);
          network.backward(view(p), view(dy), view(dx), view(g), workspace);
        }) == 0);
}

/// What scorefield/network/concept.hpp promises.
template <Network N>
void check_network(const N& network) {
  CAPTURE(network.dimension(), network.chunk_size());
  const auto p = parameters(network);
  check_layout(network);
  check_columns_on_their_own(network, p, network.chunk_size());
  check_backward_manners(network, p);
  check_allocations(network, p);
  if constexpr (std::same_as<typename N::Scalar, double>) {
    const auto errors = gradient_errors(network, p, std::min<Index>(7, network.chunk_size()));
    CHECK(errors.parameters < Tolerance<double>::gradient);
    CHECK(errors.inputs < Tolerance<double>::gradient);
  }
}

}  // namespace scorefield::test
