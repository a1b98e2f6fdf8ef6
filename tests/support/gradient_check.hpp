/// Hand-written derivatives against central differences.
///
/// The loss is sum_ij c_ij y_ij with fixed random c, so that its gradient by y is c. At a step of h = 1e-5 a central
/// difference of a smooth function is off by h^2 / 6 times a third derivative, and by rounding of the loss over 2 h:
/// 1e-11 to 1e-10 both, far below the 1e-6 that is asked for and that every wrong formula misses.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

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

/// Of gradients by parameters, by inputs and by contexts.
struct GradientErrors {
  double parameters, inputs, contexts = 0;
};

/// Of a layer with parameters that are standard normals over sqrt(inputs), on `columns` normal columns and contexts.
template <Layer L>
GradientErrors gradient_errors(const L& layer, Index columns) {
  auto workspace = layer.workspace(columns);
  Vector<double> p =
      normals<double>(layer.parameter_count(), 1, "parameters") / std::sqrt(static_cast<double>(layer.inputs()));
  Matrix<double> x = normals<double>(layer.inputs(), columns, "input");
  Matrix<double> c = normals<double>(layer.context_size(), columns, "context");
  const Matrix<double> weights = normals<double>(layer.outputs(), columns, "loss");
  const auto in = [](const auto& m) { return view(m); };

  Matrix<double> y(layer.outputs(), columns), dy = weights, dx(x.rows(), columns);
  Matrix<double> dc = Matrix<double>::Zero(c.rows(), columns);
  Vector<double> g = Vector<double>::Zero(p.size());
  layer.forward(in(p), in(x), in(c), view(y), workspace);
  layer.backward(in(p), in(x), in(c), in(y), view(dy), view(dx), view(dc), view(g), workspace);
  const auto loss = [&] {
    layer.evaluate(in(p), in(x), in(c), view(y), workspace);
    return (weights.array() * y.array()).sum();
  };
  return {worst_gradient_error(view(p), in(g), loss),
          worst_gradient_error({x.data(), x.size()}, {dx.data(), dx.size()}, loss),
          worst_gradient_error({c.data(), c.size()}, {dc.data(), dc.size()}, loss)};
}

/// x at times t with other levels that networks may look at, each told of a condition of k numbers that t decides on,
/// every third time none.
template <Real Scalar>
class Batch {
 public:
  Batch(Matrix<Scalar> x, Vector<Scalar> t, Index k = 0)
      : x_(std::move(x)),
        t_(std::move(t)),
        alpha_(Scalar(1) - t_.array()),
        sigma_(t_),
        told_(detail::told_size(k), x_.cols()) {
    for (Index j = 0; j < x_.cols(); ++j) {
      const bool given = static_cast<Index>(100 * t_(j)) % 3 != 0;
      for (Index i = 0; i < told_.rows(); ++i)
        told_(i, j) = !given ? Scalar(0) : i == k ? Scalar(1) : std::cos(static_cast<Scalar>(i) + 3 * t_(j));
    }
  }

  Matrix<Scalar>& x() { return x_; }
  operator NoisyBatch<Scalar>() const { return {view(x_), view(t_), view(alpha_), view(sigma_), view(told_)}; }

 private:
  Matrix<Scalar> x_;
  Vector<Scalar> t_, alpha_, sigma_;
  Matrix<Scalar> told_;
};

/// Of a network with parameters p; x counts as input, t does not.
template <Network N>
GradientErrors gradient_errors(const N& network, Vector<double> p, Index columns) {
  const Index d = network.dimension();
  auto workspace = network.workspace();
  Vector<double> t(columns);
  for (Index j = 0; j < columns; ++j) t(j) = static_cast<double>(j + 1) / static_cast<double>(columns);
  Batch<double> batch(normals<double>(d, columns, "input"), t, detail::condition_size(network));
  const Matrix<double> weights = normals<double>(d, columns, "loss");
  const auto in = [](const auto& m) { return view(m); };

  Matrix<double> y(d, columns), dy = weights, dx(d, columns);
  Vector<double> g = Vector<double>::Zero(p.size());
  network.forward(in(p), batch, view(y), workspace);
  network.backward(in(p), batch, in(y), view(dy), view(dx), view(g), workspace);
  const auto loss = [&] {
    network.evaluate(in(p), batch, view(y), workspace);
    return (weights.array() * y.array()).sum();
  };
  return {worst_gradient_error(view(p), in(g), loss),
          worst_gradient_error({batch.x().data(), batch.x().size()}, {dx.data(), dx.size()}, loss)};
}

}  // namespace scorefield::test
