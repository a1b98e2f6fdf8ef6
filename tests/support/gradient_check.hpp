/// Hand-written derivatives against central differences.
///
/// The loss is sum_ij c_ij y_ij with fixed random c, so that its gradient by y is c. At a step of h = 1e-5 a central
/// difference of a smooth function is off by h^2 / 6 times a third derivative, and by rounding of the loss over 2 h:
/// 1e-11 to 1e-10 both, far below the 1e-6 that is asked for and that every wrong formula misses.
#pragma once

#include <algorithm>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/network/concept.hpp"

#include "support/tolerances.hpp"

namespace scorefield::test {

/// Standard normals that depend on the name alone.
template <Real Scalar>
Matrix<Scalar> normals(Index rows, Index cols, std::string_view name) {
  Matrix<Scalar> m(rows, cols);
  Random(Seed{2011}, name).normal(view(m), 0, 0);
  return m;
}

/// The worst relative_error of `gradient` against central differences of loss() by each of `values`.
template <class Loss>
double worst_gradient_error(VectorView<double> values, ConstVectorView<double> gradient, const Loss& loss) {
  constexpr double h = 1e-5;
  double worst = 0;
  for (Index i = 0; i < values.size(); ++i) {
    const double value = values(i);
    values(i) = value + h;
    const double above = loss();
    values(i) = value - h;
    const double below = loss();
    values(i) = value;
    worst = std::max(worst, relative_error(gradient(i), (above - below) / (2 * h)));
  }
  return worst;
}

/// Of gradients by parameters and by inputs.
struct GradientErrors {
  double parameters, inputs;
};

/// What layers and networks share. run(p, x, y) evaluates; back(p, x, y, dy, dx, g) is forward and backward.
template <class Run, class Back>
GradientErrors gradient_errors(Matrix<double> x, Vector<double> p, Index outputs, const Run& run, const Back& back) {
  const Matrix<double> c = normals<double>(outputs, x.cols(), "loss");
  Matrix<double> y(outputs, x.cols()), dy = c, dx(x.rows(), x.cols());
  Vector<double> g = Vector<double>::Zero(p.size());
  back(p, x, y, dy, dx, g);
  const auto loss = [&] {
    run(p, x, y);
    return (c.array() * y.array()).sum();
  };
  return {worst_gradient_error(view(p), view(std::as_const(g)), loss),
          worst_gradient_error({x.data(), x.size()}, {dx.data(), dx.size()}, loss)};
}

/// Of a layer with parameters that are standard normals over sqrt(inputs), on `columns` normal columns.
template <Layer L>
GradientErrors gradient_errors(const L& layer, Index columns) {
  auto workspace = layer.workspace(columns);
  const Vector<double> p =
      normals<double>(layer.parameter_count(), 1, "parameters") / std::sqrt(static_cast<double>(layer.inputs()));
  return gradient_errors(
      normals<double>(layer.inputs(), columns, "input"), p, layer.outputs(),
      [&](const auto& q, const auto& x, auto& y) { layer.evaluate(view(q), view(x), view(y), workspace); },
      [&](const auto& q, const auto& x, auto& y, auto& dy, auto& dx, auto& g) {
        layer.forward(view(q), view(x), view(y), workspace);
        layer.backward(view(q), view(x), view(std::as_const(y)), view(dy), view(dx), view(g), workspace);
      });
}

/// Of a network with parameters p; x counts as input, t does not.
template <Network N>
GradientErrors gradient_errors(const N& network, const Vector<double>& p, Index columns) {
  auto workspace = network.workspace();
  Vector<double> t(columns);
  for (Index j = 0; j < columns; ++j) t(j) = static_cast<double>(j + 1) / static_cast<double>(columns);
  const ConstVectorView<double> times = view(std::as_const(t));
  return gradient_errors(
      normals<double>(network.dimension(), columns, "input"), p, network.dimension(),
      [&](const auto& q, const auto& x, auto& y) { network.evaluate(view(q), view(x), times, view(y), workspace); },
      [&](const auto& q, const auto& x, auto& y, auto& dy, auto& dx, auto& g) {
        network.forward(view(q), view(x), times, view(y), workspace);
        network.backward(view(q), view(dy), view(dx), view(g), workspace);
      });
}

}  // namespace scorefield::test
