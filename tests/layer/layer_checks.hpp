/// What scorefield/layer/concept.hpp promises, as checks of any layer.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/concept.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace scorefield::test {

/// A smooth activation of the user's own.
struct Square {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    return {multiply(z, z), add(z, z)};
  }
};

template <class Scalar>
Matrix<Scalar> input(Index rows, Index cols) {
  return normals<Scalar>(rows, cols, "input");
}

/// What a layer starts from.
template <Layer L>
Vector<typename L::Scalar> starting_values(const L& layer) {
  Vector<typename L::Scalar> p(layer.parameter_count());
  layer.initialise(view(p), Random(Seed{5}, "parameters"), 0);
  return p;
}

/// Parameters that are special to no layer, as 0 and 1 would be.
template <Layer L>
Vector<typename L::Scalar> parameters(const L& layer) {
  using Scalar = typename L::Scalar;
  return normals<Scalar>(layer.parameter_count(), 1, "parameters") / std::sqrt(static_cast<Scalar>(layer.inputs()));
}

/// A context for n columns, which has no rows where the layer looks at none.
template <Layer L>
Matrix<typename L::Scalar> context(const L& layer, Index n) {
  return normals<typename L::Scalar>(layer.context_size(), n, "context");
}

/// layer(x, c), by evaluate.
template <Layer L>
Matrix<typename L::Scalar> outputs(const L& layer, const Vector<typename L::Scalar>& p,
                                   const Matrix<typename L::Scalar>& x, const Matrix<typename L::Scalar>& c) {
  Matrix<typename L::Scalar> y(layer.outputs(), x.cols());
  auto workspace = layer.workspace(x.cols());
  layer.evaluate(view(p), view(x), view(c), view(y), workspace);
  return y;
}
template <Layer L>
Matrix<typename L::Scalar> outputs(const L& layer, const Vector<typename L::Scalar>& p,
                                   const Matrix<typename L::Scalar>& x) {
  return outputs(layer, p, x, context(layer, x.cols()));
}

/// The gradient by x, by c and by p of the sum of dy times layer(x, c).
template <class Scalar>
struct Gradients {
  Matrix<Scalar> inputs, contexts;
  Vector<Scalar> parameters;
};
template <Layer L>
Gradients<typename L::Scalar> gradients(const L& layer, const Vector<typename L::Scalar>& p,
                                        const Matrix<typename L::Scalar>& x, Matrix<typename L::Scalar> dy) {
  using Scalar = typename L::Scalar;
  const Index n = x.cols();
  const Matrix<Scalar> c = context(layer, n);
  Gradients<Scalar> to{Matrix<Scalar>(x.rows(), n), Matrix<Scalar>::Zero(c.rows(), n), Vector<Scalar>::Zero(p.size())};
  Matrix<Scalar> y(layer.outputs(), n);
  auto workspace = layer.workspace(n);
  layer.forward(view(p), view(x), view(c), view(y), workspace);
  layer.backward(view(p), view(x), view(c), view(std::as_const(y)), view(dy), view(to.inputs), view(to.contexts),
                 view(to.parameters), workspace);
  return to;
}

/// Whether the parameters of a layer start from random numbers.
enum class Starts { drawn, fixed };

template <Layer L>
void check_declaration(const L& layer) {
  ParameterLayout layout;
  layout.add("before", 2, 3);
  layer.declare(layout, "here.");
  CHECK(layout.size() == 6 + layer.parameter_count());
  std::set<std::string> names;
  for (const auto& piece : layout.pieces()) {
    if (piece.offset > 0) CHECK(piece.name.starts_with("here."));
    CHECK(names.insert(piece.name).second);
  }
}

template <Layer L>
void check_starting_values(const L& layer, Starts starts) {
  using Scalar = typename L::Scalar;
  // Numbers before and after a layer's own are not its business.
  const Index n = layer.parameter_count();
  Vector<Scalar> p = Vector<Scalar>::Constant(n + 2, 99), other(n);
  const Random random(Seed{5}, "parameters");
  layer.initialise(segment(view(p), 1, n), random, 0);
  CHECK((p(0) == 99 && p(n + 1) == 99));
  CHECK(p.segment(1, n) == starting_values(layer));
  layer.initialise(view(other), random, 1);
  if (n > 0) CHECK((p.segment(1, n) == other) == (starts == Starts::fixed));
}

/// Where a workspace was made for more columns, and whatever it held before.
template <Layer L>
void check_columns_on_their_own(const L& layer, Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n), c = context(layer, n);
  auto workspace = layer.workspace(n);
  Matrix<Scalar> evaluated(layer.outputs(), n), forwarded(layer.outputs(), n);
  layer.evaluate(view(p), view(x), view(c), view(evaluated), workspace);
  layer.forward(view(p), view(x), view(c), view(forwarded), workspace);
  REQUIRE(evaluated.allFinite());
  CHECK(evaluated == forwarded);

  Matrix<Scalar> dy = normals<Scalar>(layer.outputs(), n, "dy"), dx(layer.inputs(), n);
  Matrix<Scalar> dc = Matrix<Scalar>::Zero(c.rows(), n);
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  auto scratch = dy;
  layer.backward(view(p), view(x), view(c), view(std::as_const(forwarded)), view(scratch), view(dx), view(dc), view(g),
                 workspace);

  // The same bits in the same columns, cut in any way.
  for (const Index width : {Index{1}, Index{2}, Index{5}, n - 1})
    for (Index first = 0; first < n; first += width) {
      const Index count = std::min(width, n - first);
      const Matrix<Scalar> part_x = x.middleCols(first, count), part_c = c.middleCols(first, count);
      Matrix<Scalar> part_y(layer.outputs(), count), part_dy = dy.middleCols(first, count);
      Matrix<Scalar> part_dx(layer.inputs(), count), part_dc = Matrix<Scalar>::Zero(c.rows(), count);
      layer.evaluate(view(p), view(part_x), view(part_c), view(part_y), workspace);
      REQUIRE(part_y == evaluated.middleCols(first, count));
      layer.forward(view(p), view(part_x), view(part_c), view(part_y), workspace);
      REQUIRE(part_y == evaluated.middleCols(first, count));
      layer.backward(view(p), view(part_x), view(part_c), view(std::as_const(part_y)), view(part_dy), view(part_dx),
                     view(part_dc), view(g), workspace);
      REQUIRE(part_dx == dx.middleCols(first, count));
      REQUIRE(part_dc == dc.middleCols(first, count));
    }
}

/// dx is written, dc and g are added to, and each of them is the same whether or not the others are wanted.
template <Layer L>
void check_backward_manners(const L& layer, Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n), c = context(layer, n);
  auto workspace = layer.workspace(n);
  Matrix<Scalar> y(layer.outputs(), n), no_dx(layer.inputs(), 0), no_dc(c.rows(), 0);
  Vector<Scalar> no_g;
  const Matrix<Scalar> dy = normals<Scalar>(layer.outputs(), n, "dy");
  const auto backward = [&](Matrix<Scalar>& dx, Matrix<Scalar>& dc, Vector<Scalar>& g) {
    auto scratch = dy;
    layer.forward(view(p), view(x), view(c), view(y), workspace);
    layer.backward(view(p), view(x), view(c), view(std::as_const(y)), view(scratch), view(dx), view(dc), view(g),
                   workspace);
  };
  const Matrix<Scalar> unset = Matrix<Scalar>::Constant(x.rows(), n, std::numeric_limits<Scalar>::quiet_NaN());
  const Matrix<Scalar> zeros = Matrix<Scalar>::Zero(c.rows(), n);
  auto dx = unset;
  auto dc = zeros;
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  backward(dx, dc, g);
  CHECK(dx.allFinite());
  if (c.size() > 0) CHECK(dc.norm() > 0);
  if (p.size() > 0) CHECK(g.norm() > 0);

  for (const bool wants_dx : {true, false})
    for (const bool wants_dc : {true, false})
      for (const bool wants_g : {true, false}) {
        CAPTURE(wants_dx, wants_dc, wants_g);
        auto some_dx = wants_dx ? unset : no_dx;
        auto some_dc = wants_dc ? zeros : no_dc;
        Vector<Scalar> some_g = wants_g ? Vector<Scalar>(Vector<Scalar>::Zero(p.size())) : no_g;
        backward(some_dx, some_dc, some_g);
        if (wants_dx) CHECK(some_dx == dx);
        if (wants_dc) CHECK(some_dc == dc);
        if (wants_g) CHECK(some_g == g);
      }

  Vector<Scalar> more_g = Vector<Scalar>::Constant(p.size(), 100);
  Matrix<Scalar> more_dc = Matrix<Scalar>::Constant(c.rows(), n, 100);
  backward(dx, more_dc, more_g);
  // Sums of at most n times inputs() numbers near 100, each rounded in steps of at most 256 epsilon.
  const double bound = 256 * static_cast<double>(n * layer.inputs()) * Tolerance<Scalar>::epsilon;
  if (p.size() > 0) CHECK(((more_g.array() - 100) - g.array()).abs().maxCoeff() < bound);
  if (c.size() > 0) CHECK(((more_dc.array() - 100) - dc.array()).abs().maxCoeff() < bound);
}

template <Layer L>
void check_allocations(const L& layer, Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n), c = context(layer, n);
  auto workspace = layer.workspace(n);
  Matrix<Scalar> y(layer.outputs(), n), dx(layer.inputs(), n), dy = Matrix<Scalar>::Ones(layer.outputs(), n), dc = c;
  Vector<Scalar> g = Vector<Scalar>::Zero(p.size());
  CHECK(count_allocations([&] {
          layer.evaluate(view(p), view(x), view(c), view(y), workspace);
          layer.forward(view(p), view(x), view(c), view(y), workspace);
          layer.backward(view(p), view(x), view(c), view(std::as_const(y)), view(dy), view(dx), view(dc), view(g),
                         workspace);
        }) == 0);
}

/// What scorefield/layer/concept.hpp promises.
template <Layer L>
void check_layer(const L& layer, Starts starts = Starts::drawn) {
  CAPTURE(layer.inputs(), layer.outputs());
  if constexpr (requires { layer.input_shape(); })
    CHECK((layer.input_shape().size() == layer.inputs() && layer.output_shape().size() == layer.outputs()));
  check_declaration(layer);
  check_starting_values(layer, starts);
  check_columns_on_their_own(layer, 13);  // one more than the widest tile of a product
  check_backward_manners(layer, 13);
  check_allocations(layer, 13);
  if constexpr (std::same_as<typename L::Scalar, double>) {
    const auto errors = gradient_errors(layer, 7);
    CHECK(errors.parameters < Tolerance<double>::gradient);
    CHECK(errors.inputs < Tolerance<double>::gradient);
    CHECK(errors.contexts < Tolerance<double>::gradient);
  }
}

}  // namespace scorefield::test
