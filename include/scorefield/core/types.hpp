/// Scalars, matrices whose columns are samples, views of them, and seeds: the types that every header shares.
#pragma once

#include <Eigen/Core>
#include <cassert>
#include <concepts>
#include <cstdint>

#include "scorefield/core/simd/detail/one_target.hpp"

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "scorefield: compile without -ffast-math, -fassociative-math, -ffinite-math-only: exponentials would be wrong"
#endif

namespace scorefield {

using Index = Eigen::Index;

/// The scalars the library computes in.
template <class T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

/// d x n, column-major whatever EIGEN_DEFAULT_TO_ROW_MAJOR says: a column is a sample.
template <Real Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

template <Real Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1, Eigen::ColMajor>;

/// Contiguous memory of somebody else, read as a matrix or a vector. Copying a view copies no values.
template <Real Scalar>
using MatrixView = Eigen::Map<Matrix<Scalar>>;
template <Real Scalar>
using ConstMatrixView = Eigen::Map<const Matrix<Scalar>>;
template <Real Scalar>
using VectorView = Eigen::Map<Vector<Scalar>>;
template <Real Scalar>
using ConstVectorView = Eigen::Map<const Vector<Scalar>>;

/// The seed that every random number starts from. Equal seeds give equal bits. A whole number from 0 on converts to it,
/// so that an option may be written {.seed = 7}.
struct Seed {
  constexpr Seed(std::uint64_t number = 0) : value(number) {}

  std::uint64_t value;
};

template <Real Scalar>
MatrixView<Scalar> view(Matrix<Scalar>& m) {
  return {m.data(), m.rows(), m.cols()};
}
template <Real Scalar>
ConstMatrixView<Scalar> view(const Matrix<Scalar>& m) {
  return {m.data(), m.rows(), m.cols()};
}
template <Real Scalar>
VectorView<Scalar> view(Vector<Scalar>& v) {
  return {v.data(), v.size()};
}
template <Real Scalar>
ConstVectorView<Scalar> view(const Vector<Scalar>& v) {
  return {v.data(), v.size()};
}

/// Columns [first, first + count) of a matrix, which has as many.
template <Real Scalar>
MatrixView<Scalar> columns(Matrix<Scalar>& m, Index first, Index count) {
  assert(first >= 0 && count >= 0 && count <= m.cols() - first);
  return {m.data() + first * m.rows(), m.rows(), count};
}
template <Real Scalar>
ConstMatrixView<Scalar> columns(const Matrix<Scalar>& m, Index first, Index count) {
  assert(first >= 0 && count >= 0 && count <= m.cols() - first);
  return {m.data() + first * m.rows(), m.rows(), count};
}

/// Entries [first, first + count) of a vector, which has as many.
template <Real Scalar>
VectorView<Scalar> segment(VectorView<Scalar> v, Index first, Index count) {
  assert(first >= 0 && count >= 0 && count <= v.size() - first);
  return {v.data() + first, count};
}
template <Real Scalar>
ConstVectorView<Scalar> segment(ConstVectorView<Scalar> v, Index first, Index count) {
  assert(first >= 0 && count >= 0 && count <= v.size() - first);
  return {v.data() + first, count};
}

}  // namespace scorefield
