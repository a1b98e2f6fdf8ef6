/// Minibatch optimal transport: the data of a batch go with the noise that is nearest on the whole (OT-CFM).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "scorefield/core/assignment.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/sinkhorn.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// Pairs data and noise so that the sum of their squared distances is the least: exactly in batches of up to `exact`
/// samples; in larger ones each noise draws its sample from the entropic plan by Sinkhorn's iterations. Paths from
/// noise to data then hardly cross, and are nearly straight: for few steps of a deterministic sampler, under rectified
/// flow with FlowWeighting. The denoised sample is the mean of the data that were paired with such noise; it tells
/// where the flow goes, but not the score, so that stochastic samplers and likelihoods of other equations are not right
/// with it. And where samples are given conditions, noise is paired with what some conditions have more often than
/// others, which sampling does not know. Tong et al. 2023, arXiv:2302.00482, section 3.3; Pooladian et al. 2023,
/// arXiv:2304.14772.
struct OptimalTransportCoupling {
  Index exact = 256;
  double regularisation = 0.05;  // of Sinkhorn's plan, in root mean squares of the costs around each noise's mean
  Index iterations = 200;        // of Sinkhorn's, at most

  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> cost;     // most^2
    Vector<Scalar> mean;     // d
    Vector<Scalar> spread;   // most
    Matrix<Scalar> uniform;  // 1 x most
    ProductRoom<Scalar> room;
    Assignment<Scalar> assignment;
    std::optional<Sinkhorn<Scalar>> sinkhorn;  // where a batch may be too large for the assignment
  };

  /// Throws InvalidArgument unless exact >= 1, iterations >= 1 and the regularisation is positive and finite.
  void validate() const {
    if (!(exact >= 1 && iterations >= 1 && regularisation > 0 && std::isfinite(regularisation)))
      throw InvalidArgument("OptimalTransportCoupling",
                            "exact and iterations from 1 on and a positive, finite regularisation",
                            text(exact, ", ", iterations, " and ", regularisation), "256, 200 and 0.05 are usual");
  }
  std::string settings() const {
    return settings_text("OptimalTransportCoupling",
                         {{"exact", exact}, {"regularisation", regularisation}, {"iterations", iterations}});
  }

  template <Real Scalar>
  Workspace<Scalar> workspace(Index d, Index most) const {
    Workspace<Scalar> w{Vector<Scalar>(most * most),
                        Vector<Scalar>(d),
                        Vector<Scalar>(most),
                        Matrix<Scalar>(1, most),
                        {},
                        Assignment<Scalar>(std::min(exact, most)),
                        {}};
    for (const Index rows : {most, Index{1}}) w.room.reserve_left_transposed(rows, d, most);  // a short batch has fewer
    if (most > exact)
      w.sinkhorn.emplace(most, most, SinkhornOptions{.regularisation = regularisation, .iterations = iterations});
    return w;
  }

  template <Real Scalar>
  void pair(ConstMatrixView<Scalar> x0, ConstMatrixView<Scalar> noise, const Draw& draw, std::span<Index> order,
            Workspace<Scalar>& w) const {
    const Index n = x0.cols();
    // |x0 - noise|^2 but for what is the same in all pairings, and the factor 2: -<x0, noise>.
    MatrixView<Scalar> cost(w.cost.data(), n, n);
    multiply_left_transposed(x0, noise, cost, w.room);
    if (n <= exact) {
      add_spread(x0, cost, w);
      const auto& noise_of = w.assignment.solve(ConstMatrixView<Scalar>(w.cost.data(), n, n));
      for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(noise_of[static_cast<std::size_t>(i)])] = i;
    } else {
      draw_from_plan(cost, draw, order, w);
    }
  }

 private:
  /// Turns products into costs |x0 - mean|^2 / 2 - <x0, noise>. What a sample costs with all noise changes no pairing;
  /// with this, the cheapest sample of a noise is near it, and an assignment that begins with the cheapest soon ends.
  template <Real Scalar>
  static void add_spread(ConstMatrixView<Scalar> x0, MatrixView<Scalar> cost, Workspace<Scalar>& w) {
    const Index d = x0.rows(), n = x0.cols();
    w.mean.setZero();
    for (Index j = 0; j < n; ++j) w.mean += x0.col(j);
    w.mean /= static_cast<Scalar>(n);
    for (Index j = 0; j < n; ++j) {
      Scalar square = 0;
      for (Index i = 0; i < d; ++i) square = multiply_add(x0(i, j) - w.mean(i), x0(i, j) - w.mean(i), square);
      w.spread(j) = square < Scalar(1e30) ? square / 2 : Scalar(0);  // costs stay finite, of any data
    }
    for (Index j = 0; j < n; ++j) cost.col(j) = w.spread.head(n) - cost.col(j);
  }

  template <Real Scalar>
  static void draw_from_plan(MatrixView<Scalar> cost, const Draw& draw, std::span<Index> order, Workspace<Scalar>& w) {
    const Index n = cost.cols();
    double square = 0;
    for (Index j = 0; j < n; ++j) {
      // What all data cost a noise, as where they are far from 0, changes no plan, but would count in the size.
      cost.col(j).array() -= cost.col(j).mean();
      for (Index i = 0; i < n; ++i) {
        const auto number = static_cast<double>(cost(i, j));
        square = multiply_add(number, number, square);
      }
    }
    const double size = std::sqrt(square / static_cast<double>(n * n));
    const auto scale = static_cast<Scalar>(size > 0 ? -1 / size : 0);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < n; ++i) cost(i, j) *= scale;
    w.sinkhorn->solve(ConstMatrixView<Scalar>(cost.data(), n, n));
    auto uniform = columns(w.uniform, 0, n);
    Random(draw.seed, "coupling").uniform(uniform, draw.first_sample, draw.step);
    for (Index j = 0; j < n; ++j)
      order[static_cast<std::size_t>(j)] = w.sinkhorn->row_of(j, static_cast<double>(uniform(0, j)));
  }
};

}  // namespace scorefield
