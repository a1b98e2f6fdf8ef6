/// A data set in memory whose numbers are checked once, so that nothing after has to.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Samples of d numbers as the columns of a d x n matrix; all are finite, and there is at least one. It owns them, but
/// for view_of. A matrix converts to it, so that a function of a Dataset is called with a matrix.
template <Real Scalar>
class Dataset {
 public:
  /// samples: d x n. Throws InvalidArgument when d or n is 0, NonFinite when a number is NaN or infinite; it names the
  /// first bad sample.
  Dataset(Matrix<Scalar> samples) : owned_(std::move(samples)) { check(); }

  /// Any other Eigen expression or matrix of that scalar, d x n; it is copied. Throws like the above.
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, Scalar> Dataset(const Eigen::MatrixBase<Derived>& samples)
      : Dataset(Matrix<Scalar>(samples)) {}

  /// Refers to a matrix, which must outlive it and its copies, and copies nothing. Throws like the above.
  static Dataset view_of(const Matrix<Scalar>& samples) {
    Dataset data;
    data.viewed_ = &samples;
    data.check();
    return data;
  }
  static Dataset view_of(const Matrix<Scalar>&&) = delete;

  /// d.
  Index dimension() const { return samples().rows(); }
  /// n.
  Index size() const { return samples().cols(); }
  /// d x n.
  const Matrix<Scalar>& samples() const { return viewed_ ? *viewed_ : owned_; }

  /// Tells data apart: a hash of the shape and of all bits. In the manner of FNV-1a, eight bytes at a time, with a
  /// shift that lets their upper bits count for the lower ones of the hash.
  std::uint64_t fingerprint() const {
    std::uint64_t hash = 0xCBF29CE484222325u;
    const auto add = [&](std::uint64_t word) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    };
    add(static_cast<std::uint64_t>(dimension()));
    add(static_cast<std::uint64_t>(size()));
    const auto bytes = std::as_bytes(std::span(samples().data(), static_cast<std::size_t>(samples().size())));
    for (std::size_t first = 0; first < bytes.size(); first += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + first, std::min(sizeof(word), bytes.size() - first));
      add(word);
    }
    return hash;
  }

 private:
  Dataset() = default;

  void check() const {
    const auto& x = samples();
    if (x.size() == 0)
      throw InvalidArgument("Dataset", "at least one row and one column",
                            text("a matrix of ", x.rows(), " x ", x.cols()), "pass samples as the columns of a matrix");
    if (x.allFinite()) return;
    const Scalar* first = x.data();
    while (std::isfinite(*first)) ++first;
    const Index at = static_cast<Index>(first - x.data());
    throw NonFinite("Dataset", "finite numbers",
                    text(*first, " in row ", at % x.rows(), " of sample (column) ", at / x.rows()),
                    "remove or repair such samples");
  }

  Matrix<Scalar> owned_;
  const Matrix<Scalar>* viewed_ = nullptr;
};

template <class Derived>
Dataset(const Eigen::MatrixBase<Derived>&) -> Dataset<typename Derived::Scalar>;

}  // namespace scorefield
