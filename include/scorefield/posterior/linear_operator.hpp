/// Linear operators, as functions with their transpose: a matrix, a selection of entries, the convolution of images.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/different_rows.hpp"

namespace scorefield {

/// A linear map A from R^d to R^m, on batches of n columns of any number, in memory of the caller. Both functions are
/// called by several threads at a time; they should allocate nothing, and a column of what they write should depend on
/// the same column alone, to the last bit.
template <Real Scalar>
struct LinearOperator {
  using Function = std::function<void(ConstMatrixView<Scalar> from, MatrixView<Scalar> to)>;

  Index rows = 0;      // m
  Index columns = 0;   // d
  Function apply;      // writes A x (m x n) of x (d x n)
  Function transpose;  // writes A^T v (d x n) of v (m x n)
};

/// Throws InvalidArgument, in the name of an operation, unless both functions are there and <A x, v> = <x, A^T v> for
/// three pairs of normal vectors, which shows that A is linear too; NonFinite for images that are not finite.
template <Real Scalar>
void check_transpose(const char* operation, const LinearOperator<Scalar>& of) {
  if (of.rows < 1 || of.columns < 1 || !of.apply || !of.transpose)
    throw InvalidArgument(
        operation, "an operator of a row and a column or more, with apply and transpose",
        text(of.rows, " x ", of.columns, of.apply ? "" : ", without apply", of.transpose ? "" : ", without transpose"),
        "scorefield/posterior/linear_operator.hpp makes some");
  constexpr Index n = 3;
  Matrix<Scalar> x(of.columns, n), v(of.rows, n), image(of.rows, n), back(of.columns, n);
  const Random random(Seed{0}, "check of a transpose");
  random.normal(view(x), 0, 0);
  random.normal(view(v), 0, 1);
  of.apply(view(std::as_const(x)), view(image));
  of.transpose(view(std::as_const(v)), view(back));
  if (!image.allFinite() || !back.allFinite())
    throw NonFinite(operation, "finite images of normal vectors by A and its transpose", "a NaN or an infinity",
                    "both functions write every number of their output");
  const auto dot = [](const Matrix<Scalar>& a, const Matrix<Scalar>& b, Index j) {
    double sum = 0;
    for (Index i = 0; i < a.rows(); ++i)
      sum = multiply_add(static_cast<double>(a(i, j)), static_cast<double>(b(i, j)), sum);
    return sum;
  };
  for (Index j = 0; j < n; ++j) {
    const double forth = dot(image, v, j), and_back = dot(x, back, j);
    // Roundings are of the products that are added up.
    const double scale = std::sqrt(std::max(dot(image, image, j) * dot(v, v, j), dot(x, x, j) * dot(back, back, j)));
    if (!(std::abs(forth - and_back) <= 64 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()) * scale))
      throw InvalidArgument(operation, "a linear operator with its transpose, so that <A x, v> = <x, A^T v>",
                            text(forth, " and ", and_back, " for normal x and v"),
                            "look at the edges, at constants that are added, and whether every number is written");
  }
}

/// The operator of a matrix, m x d, which is kept twice.
template <Real Scalar>
LinearOperator<Scalar> matrix_operator(const Matrix<Scalar>& matrix) {
  // Columns of `by` times columns of `from`.
  const auto products = [](const Matrix<Scalar>& by) {
    return [by = std::make_shared<const Matrix<Scalar>>(by)](ConstMatrixView<Scalar> from, MatrixView<Scalar> to) {
      const auto product = [](const auto& a, const auto& b) { return multiply(a, b); };
      for (Index j = 0; j < from.cols(); ++j)
        for (Index i = 0; i < to.rows(); ++i)
          to(i, j) = sum_of(from.rows(), product, by->col(i).data(), from.col(j).data());
    };
  };
  return {matrix.rows(), matrix.cols(), products(matrix.transpose()), products(matrix)};
}

/// The operator that selects entries, of samples of d numbers: what is known of them. Throws InvalidArgument unless the
/// entries are different ones in [0, d).
template <Real Scalar>
LinearOperator<Scalar> selection_operator(Index d, const std::vector<Index>& entries) {
  detail::check_different("selection_operator", "entries", entries, d);
  const auto rows = std::make_shared<const std::vector<Index>>(entries);
  return {static_cast<Index>(entries.size()), d,
          [rows](ConstMatrixView<Scalar> x, MatrixView<Scalar> y) {
            for (Index j = 0; j < x.cols(); ++j)
              for (Index i = 0; i < y.rows(); ++i) y(i, j) = x((*rows)[static_cast<std::size_t>(i)], j);
          },
          [rows](ConstMatrixView<Scalar> v, MatrixView<Scalar> x) {
            x.setZero();
            for (Index j = 0; j < v.cols(); ++j)
              for (Index i = 0; i < v.rows(); ++i) x((*rows)[static_cast<std::size_t>(i)], j) = v(i, j);
          }};
}

/// The convolution of each channel of images with a kernel of odd height and width, such as a blur's, to images of the
/// same shape; pixels outside of an image are 0. Throws InvalidArgument for a kernel of even sizes, and for an image
/// that is none.
template <Real Scalar>
LinearOperator<Scalar> convolution_operator(const ImageShape& image, const Matrix<Scalar>& kernel) {
  const auto shape = detail::checked_shape("convolution_operator", image);
  if (kernel.rows() % 2 == 0 || kernel.cols() % 2 == 0)
    throw InvalidArgument("convolution_operator", "a kernel of odd height and width",
                          text(kernel.rows(), " x ", kernel.cols()), "a row or a column of zeros makes it odd");
  // A pixel of `to` is the sum of weights(i, j) times the pixel (i, j) of `from` in the window around it.
  const auto correlation = [shape](const Matrix<Scalar>& by) {
    return [shape, weights = std::make_shared<const Matrix<Scalar>>(by)](ConstMatrixView<Scalar> from,
                                                                         MatrixView<Scalar> to) {
      const Index h = shape.height, w = shape.width, c = shape.channels;
      to.setZero();
      for (Index n = 0; n < from.cols(); ++n)
        for (Index i = 0; i < weights->rows(); ++i)
          for (Index j = 0; j < weights->cols(); ++j) {
            const Index down = i - weights->rows() / 2, right = j - weights->cols() / 2;
            if (std::abs(right) >= w) continue;
            const Index left_end = std::max<Index>(0, -right), count = (w - std::abs(right)) * c;
            for (Index y = std::max<Index>(0, -down); y < std::min(h, h - down); ++y) {
              const Scalar* source = from.col(n).data() + ((y + down) * w + left_end + right) * c;
              Scalar* target = to.col(n).data() + (y * w + left_end) * c;
              for (Index k = 0; k < count; ++k) target[k] = multiply_add((*weights)(i, j), source[k], target[k]);
            }
          }
    };
  };
  return {shape.size(), shape.size(), correlation(kernel.reverse()), correlation(kernel)};
}

}  // namespace scorefield
