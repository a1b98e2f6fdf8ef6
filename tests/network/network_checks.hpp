/// What scorefield/network/concept.hpp promises, as checks of any network.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <set>
#include <string>
#include <utility>

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
  network.evaluate(view(p), Batch(x, t, detail::condition_size(network)), view(y), workspace);
  return y;
}

/// What a network computes for some columns of x, t and dy, where the gradients are wanted.
template <Network N>
struct Results {
  using Scalar = typename N::Scalar;

  Results(const N& network, const Vector<Scalar>& p, const Matrix<Scalar>& x, const Vector<Scalar>& t,
          Matrix<Scalar> dy, typename N::Workspace& workspace, bool wants_dx = true, bool wants_g = true)
      : evaluated(x.rows(), x.cols()),
        forwarded(x.rows(), x.cols()),
        dx(Matrix<Scalar>::Constant(x.rows(), wants_dx ? x.cols() : 0, std::numeric_limits<Scalar>::quiet_NaN())),
        g(Vector<Scalar>::Zero(wants_g ? p.size() : 0)) {
    const Batch batch(x, t, detail::condition_size(network));
    network.evaluate(view(p), batch, view(evaluated), workspace);
    network.forward(view(p), batch, view(forwarded), workspace);
    network.backward(view(p), batch, view(std::as_const(forwarded)), view(dy), view(dx), view(g), workspace);
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

/// g is added to, dx and g are the same whether or not the other is wanted, and backward may be called again.
template <Network N>
void check_backward_manners(const N& network, const Vector<typename N::Scalar>& p) {
  using Scalar = typename N::Scalar;
  const Index d = network.dimension(), n = network.chunk_size();
  const auto x = normals<Scalar>(d, n, "x"), dy = normals<Scalar>(d, n, "dy");
  const auto t = times<Scalar>(n);
  auto workspace = network.workspace();
  const Results<N> both(network, p, x, t, dy, workspace);
  CHECK(both.g.allFinite());
  CHECK(both.g.norm() > 0);
  CHECK(Results<N>(network, p, x, t, dy, workspace, true, false).dx == both.dx);
  CHECK(Results<N>(network, p, x, t, dy, workspace, false, true).g == both.g);
  CHECK(Results<N>(network, p, x, t, dy, workspace, false, false).forwarded == both.forwarded);

  const Batch batch(x, t, detail::condition_size(network));
  Matrix<Scalar> y(d, n), scratch = dy, none(d, 0);
  Vector<Scalar> g = both.g;
  network.forward(view(p), batch, view(y), workspace);
  network.backward(view(p), batch, view(std::as_const(y)), view(scratch), view(none), view(g), workspace);
  // Chains of at most n d + 1 additions that start elsewhere, each rounded.
  const double bound = static_cast<double>(n * d) * Tolerance<Scalar>::epsilon * (1 + both.g.cwiseAbs().maxCoeff());
  CHECK((g - 2 * both.g).cwiseAbs().maxCoeff() < bound);

  // Again, after the same forward.
  Matrix<Scalar> dx(d, n), dy_again = dy;
  VectorView<Scalar> no_gradient(nullptr, 0);
  network.backward(view(p), batch, view(std::as_const(y)), view(dy_again), view(dx), no_gradient, workspace);
  CHECK(dx == both.dx);
}

template <Network N>
void check_allocations(const N& network, const Vector<typename N::Scalar>& p) {
  using Scalar = typename N::Scalar;
  const Index d = network.dimension(), n = network.chunk_size();
  const Batch batch(normals<Scalar>(d, n, "x"), times<Scalar>(n), detail::condition_size(network));
  auto workspace = network.workspace();
  Matrix<Scalar> y(d, n), dx(d, n), dy = Matrix<Scalar>::Ones(d, n);
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  CHECK(count_allocations([&] {
          network.evaluate(view(p), batch, view(y), workspace);
          network.forward(view(p), batch, view(y), workspace);
          network.backward(view(p), batch, view(std::as_const(y)), view(dy), view(dx), view(g), workspace);
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
