/// The Muon optimizer: steps along the orthogonal matrix nearest to the gradient, by Newton-Schulz iterations.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/adam.hpp"

namespace scorefield {

/// A weight matrix moves by an orthogonal matrix near to its averaged gradient, so that all its directions learn at one
/// pace, not the few in which the gradient is large; all other parameters move by Adam. Jordan et al. 2024,
/// https://kellerjordan.github.io/posts/muon; its steps have the size of Adam's at the same learning rate, as in Liu et
/// al. 2025, arXiv:2502.16982, equation 4.
struct Muon {
  double learning_rate = 2e-3;
  double momentum = 0.95;  // of matrices
  double beta1 = 0.9;      // Adam's, for all else
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // of all parameters, as AdamW's

  static constexpr std::size_t state_vectors = 2;  // running means of the gradient and, for Adam, of its square
  static constexpr Index smallest_side = 16;       // of a matrix that is moved as one: else there is little to gain

  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> x, orthogonal;                      // as many as the largest matrix has
    Vector<Scalar> gram, polynomial, factor, product;  // the square of the longest shorter side
    ProductRoom<Scalar> room;
  };

  void validate() const {
    if (!(learning_rate > 0 && std::isfinite(learning_rate)))
      throw InvalidArgument("Muon", "a positive learning rate", text(learning_rate), "2e-3 is usual");
    if (!(momentum >= 0 && momentum < 1))
      throw InvalidArgument("Muon", "momentum in [0, 1)", text(momentum), "0.95 is usual");
    adam().validate();
  }

  std::string settings() const {
    return settings_text("Muon", {{"learning_rate", learning_rate},
                                  {"momentum", momentum},
                                  {"beta1", beta1},
                                  {"beta2", beta2},
                                  {"epsilon", epsilon},
                                  {"weight_decay", weight_decay}});
  }

  static bool moves_matrix(const ParameterPiece& piece) { return std::min(piece.rows, piece.cols) >= smallest_side; }

  template <Real Scalar>
  Workspace<Scalar> workspace(const ParameterLayout& layout) const {
    Index size = 0, side = 0;
    ProductRoom<Scalar> room;
    for (const auto& piece : layout.pieces())
      if (moves_matrix(piece)) {
        size = std::max(size, piece.size());
        const Index least = std::min(piece.rows, piece.cols);
        side = std::max(side, least);
        if (piece.rows <= piece.cols)
          room.reserve_right_transposed(least, piece.cols, least);
        else
          room.reserve_left_transposed(least, piece.rows, least);
        room.reserve(least, least, least);
        room.reserve(piece.rows, least, piece.cols);
      }
    using V = Vector<Scalar>;
    const Index square = side * side;
    return {V(size), V(size), V(square), V(square), V(square), V(square), std::move(room)};
  }

  template <Real Scalar>
  void update(VectorView<Scalar> p, ConstVectorView<Scalar> g, std::array<VectorView<Scalar>, 2> state, double rate,
              Index step) const {
    adam().update(p, g, state, rate, step);
  }

  template <Real Scalar>
  void update_matrix(MatrixView<Scalar> p, ConstMatrixView<Scalar> g, std::array<MatrixView<Scalar>, 2> state,
                     double rate, Index, Workspace<Scalar>& w) const {
    const auto number = [](double value) { return broadcast(static_cast<Scalar>(value)); };
    const auto keep = number(momentum), rest = number(1 - momentum);
    const auto average = [&](const auto& old_mean, const auto& gradient) {
      const auto part = multiply(rest, gradient);
      const auto mean = multiply_add(keep, old_mean, part);
      // Nesterov's: the mean as it would be after the same gradient once more.
      return std::array{mean, multiply_add(keep, mean, part)};
    };
    Scalar *const mean = state[0].data(), *const x = w.x.data();
    transform(std::array{mean, x}, g.size(), average, mean, g.data());

    const auto shrink = number(multiply_add(-rate, weight_decay, 1.0));
    if (!normalise(x, p.size())) {
      transform(
          p.data(), p.size(), [&](const auto& weight) { return multiply(shrink, weight); }, p.data());
      return;
    }
    const auto size = number(-rate * 0.2 * std::sqrt(static_cast<double>(std::max(p.rows(), p.cols()))));
    const auto move = [&](const auto& weight, const auto& direction) {
      return multiply_add(size, direction, multiply(shrink, weight));
    };
    transform(p.data(), p.size(), move, p.data(), orthogonalised(p.rows(), p.cols(), w).data());
  }

 private:
  Adam adam() const { return {learning_rate, beta1, beta2, epsilon, weight_decay}; }

  /// Divides x by its Euclidean norm, and first by its largest number, whose square might overflow, or all squares
  /// vanish; false where all are 0.
  template <Real Scalar>
  static bool normalise(Scalar* x, Index count) {
    const Scalar largest = VectorView<Scalar>(x, count).cwiseAbs().maxCoeff();
    if (largest == 0) return false;
    const auto all = broadcast(largest);
    const auto square = [&](const auto& value) { return multiply(divide(value, all), divide(value, all)); };
    const auto norm = broadcast(square_root(sum_of(count, square, x)));
    transform(
        x, count, [&](const auto& value) { return divide(divide(value, all), norm); }, x);
    return true;
  }

  /// U V^T for w.x = U S V^T, S <= 1, but for singular values between 0.68 and 1.14 in place of 1 where they start from
  /// 0.006 on: five steps of a Newton-Schulz iteration with Jordan's coefficients, x <- p(x x^T) x with
  /// p(G) = a + b G + c G^2. All p are polynomials of the first G, and commute: the next G is p^2 G, so that the steps
  /// are taken on the smaller side's squares, and x is multiplied by the product of all p at the end; from the right
  /// where x^T x is smaller. What rounding does to a small eigenvalue of G changes its p by little, for p(0) is finite.
  template <Real Scalar>
  static ConstMatrixView<Scalar> orthogonalised(Index rows, Index columns, Workspace<Scalar>& w) {
    constexpr Scalar a = Scalar(3.4445), b = Scalar(-4.7750), c = Scalar(2.0315);
    const bool wide = rows <= columns;
    const Index side = std::min(rows, columns);
    const ConstMatrixView<Scalar> x(w.x.data(), rows, columns);
    const auto square = [side](Vector<Scalar>& of) { return MatrixView<Scalar>(of.data(), side, side); };
    const auto multiply_into = [&](Vector<Scalar>& target, const Vector<Scalar>& left, const Vector<Scalar>& right) {
      multiply_symmetric(ConstMatrixView<Scalar>(left.data(), side, side),
                         ConstMatrixView<Scalar>(right.data(), side, side), square(target), w.room);
    };
    if (wide)
      multiply_outer_gram(x, square(w.gram), w.room);
    else
      multiply_gram(x, square(w.gram), w.room);
    for (int i = 0; i < 5; ++i) {
      multiply_into(w.polynomial, w.gram, w.gram);
      const auto combine = [&](const auto& first, const auto& second) {
        return multiply_add(broadcast(b), first, multiply(broadcast(c), second));
      };
      transform(w.polynomial.data(), side * side, combine, w.gram.data(), w.polynomial.data());
      square(w.polynomial).diagonal().array() += a;
      if (i == 0) {
        std::copy_n(w.polynomial.data(), side * side, w.factor.data());
      } else {
        multiply_into(w.product, w.polynomial, w.factor);
        std::swap(w.product, w.factor);
      }
      if (i == 4) break;
      multiply_into(w.product, w.polynomial, w.gram);
      multiply_into(w.gram, w.polynomial, w.product);
    }
    const ConstMatrixView<Scalar> factor(w.factor.data(), side, side);
    const MatrixView<Scalar> orthogonal(w.orthogonal.data(), rows, columns);
    if (wide)
      multiply(factor, x, orthogonal, w.room);
    else
      multiply(x, factor, orthogonal, w.room);
    return {w.orthogonal.data(), rows, columns};
  }
};

}  // namespace scorefield
