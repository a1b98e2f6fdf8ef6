/// A network that predicts what the best linear denoiser of the data leaves over.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/moments.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// How LinearDenoiserCorrection::fit looks at the data.
struct LinearFitOptions {
  Covariance covariance = Covariance::diagonal;
  /// The deviation of a noise that is added to the data's variances, so that none is 0. Samplers that end by denoising
  /// draw coordinates that are constant with less of it: see t_last of DpmSolverPlusPlus.
  double floor = 0.02;
};

/// Were the data normal, with mean m and covariance U diag(s^2) U^T, the best estimate of eps would be linear in x. The
/// network adds to it, in the coordinates r = U^T (x - alpha m), with v = alpha^2 s^2 + sigma^2:
///   eps = sigma r / v + (alpha s / sqrt(v)) U^T F(U (r / sqrt(v)), t).
/// Input and target have variance 1 in each coordinate at all times, and a network that is silent still draws the
/// normal distribution nearest to the data: a good start where data are few, smooth, or far from mean 0 and variance 1.
/// U is the identity (Covariance::diagonal) or the data's principal axes (full); the network sees and gives samples in
/// their own coordinates either way, and the time itself. The preconditioning of Karras et al. 2022, arXiv:2206.00364,
/// section 5 and table 1, for a deviation of each coordinate's own.
template <Real S>
class LinearDenoiserCorrection {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> input, opposite, precision, rotated;  // d x chunk_size: U r / sqrt(v), -r / sqrt(v), 1 / sqrt(v)
    Vector<Scalar> ratio;                                // chunk_size: -alpha / sigma
    ProductRoom<Scalar> room;
  };

  /// mean: d, deviation: d numbers s. Throws like set_constants.
  LinearDenoiserCorrection(const Vector<Scalar>& mean, const Vector<Scalar>& deviation)
      : LinearDenoiserCorrection(mean, deviation, Matrix<Scalar>(mean.size(), 0)) {}

  /// The same along the columns of the rotation U (d x d).
  LinearDenoiserCorrection(const Vector<Scalar>& mean, const Vector<Scalar>& deviation, const Matrix<Scalar>& rotation)
      : dimension_(mean.size()), rotates_(rotation.cols() > 0) {
    if (deviation.size() != dimension_ || rotation.rows() != dimension_ || (rotates_ && rotation.cols() != dimension_))
      throw InvalidArgument(
          "LinearDenoiserCorrection",
          text("a deviation for each of the ", dimension_, " means, and a rotation of as many rows and columns"),
          text(deviation.size(), " deviations and a rotation of ", rotation.rows(), " x ", rotation.cols()),
          "leave the rotation out where there is none");
    Vector<Scalar> constants(layout().size());
    constants.head(dimension_) = mean;
    constants.segment(dimension_, dimension_) = deviation;
    constants.tail(rotation.size()) = rotation.reshaped();
    set_constants(constants);
  }

  /// The mean and the variances of the data, raised by floor^2. Throws InvalidArgument unless the floor is finite and
  /// not negative.
  static LinearDenoiserCorrection fit(const Dataset<Scalar>& data, const LinearFitOptions& options = {}) {
    if (!(std::isfinite(options.floor) && options.floor >= 0))
      throw InvalidArgument("LinearDenoiserCorrection::fit", "a finite floor from 0 on", text(options.floor),
                            "it is a deviation; 0.02 is usual for data of deviation about 1");
    const auto moments = principal_moments(data, options.covariance);
    const Vector<double> deviation = (moments.variance.array() + options.floor * options.floor).sqrt();
    return {moments.mean.template cast<Scalar>(), deviation.template cast<Scalar>(),
            moments.axes.template cast<Scalar>()};
  }

  /// "mean" (d), "deviation" (d) and, where there is one, "rotation" (d x d).
  ParameterLayout layout() const {
    ParameterLayout layout;
    layout.add("mean", dimension_, 1);
    layout.add("deviation", dimension_, 1);
    if (rotates_) layout.add("rotation", dimension_, dimension_);
    return layout;
  }
  const Vector<Scalar>& constants() const { return constants_; }

  /// Throws InvalidArgument unless there are as many as in layout(), deviations are not negative and the rotation is
  /// orthogonal, NonFinite unless all are finite.
  void set_constants(const Vector<Scalar>& constants) {
    const char* name = "LinearDenoiserCorrection::set_constants";
    if (constants.size() != layout().size())
      throw InvalidArgument(name, text(layout().size(), " constants"), text(constants.size()),
                            "take them from a prediction for samples of the same size");
    if (!constants.allFinite())
      throw NonFinite(name, "finite constants", "a NaN or an infinity", "look at the data they were fitted to");
    if (!(constants.segment(dimension_, dimension_).array() >= 0).all())
      throw InvalidArgument(name, "deviations from 0 on", "a negative one", "deviations are roots of variances");
    if (rotates_) {
      const ConstMatrixView<Scalar> u(constants.data() + 2 * dimension_, dimension_, dimension_);
      // Half the digits: far more than rounding needs.
      Matrix<Scalar> gram(dimension_, dimension_);
      ProductRoom<Scalar> room;
      room.reserve_left_transposed(dimension_, dimension_, dimension_);
      multiply_left_transposed(u, u, view(gram), room);
      if (!gram.isIdentity(std::sqrt(std::numeric_limits<Scalar>::epsilon())))
        throw InvalidArgument(name, "an orthogonal rotation", "a matrix that is not",
                              "its columns are the principal axes of the data, of length 1");
    }
    constants_ = constants;
  }

  void validate(Index dimension) const {
    if (dimension != dimension_)
      throw InvalidArgument("LinearDenoiserCorrection",
                            text("samples of ", dimension_, " numbers, as it was fitted to"),
                            text("a network for ", dimension), "fit it to the data the model is to learn");
  }

  template <Network Net>
  Workspace workspace(const Net& network) const {
    const auto room = [&](bool needed) { return Matrix<Scalar>(dimension_, needed ? network.chunk_size() : Index{0}); };
    Workspace w{room(true), room(true), room(true), room(rotates_), Vector<Scalar>(network.chunk_size()), {}};
    if (rotates_) {
      w.room.reserve(dimension_, dimension_, network.chunk_size());
      w.room.reserve_left_transposed(dimension_, dimension_, network.chunk_size());
    }
    return w;
  }

  template <Sde Equation>
  SCOREFIELD_ONE_COPY NetworkInput<Scalar> input(const Equation& sde, ConstMatrixView<Scalar> x,
                                                 ConstVectorView<Scalar> t, Workspace& w) const {
    const Index n = x.cols();
    auto input = columns(w.input, 0, n), precision = columns(w.precision, 0, n);
    for (Index j = 0; j < n; ++j) {
      const Scalar alpha = sde.signal(t(j)), sigma = sde.deviation(t(j));
      w.ratio(j) = -alpha / sigma;
      const auto signal = broadcast(alpha), opposite = broadcast(-alpha), variance = broadcast(sigma * sigma);
      const auto centre = [&](const auto& sample, const auto& m, const auto& s) {
        const auto scaled = multiply(signal, s);
        return std::array{multiply_add(opposite, m, sample), multiply_add(scaled, scaled, variance)};
      };
      transform(std::array{input.col(j).data(), precision.col(j).data()}, dimension_, centre, x.col(j).data(), mean(),
                deviation());
    }
    for (Index i = 0; i < precision.size(); ++i) precision.data()[i] = 1 / std::sqrt(precision.data()[i]);
    const auto whiten = [minus = broadcast(Scalar(-1))](const auto& r, const auto& q) {
      const auto white = multiply(r, q);
      return std::array{white, multiply(minus, white)};
    };
    along_axes(input, w, [&](MatrixView<Scalar> r) {
      transform(std::array{r.data(), w.opposite.data()}, r.size(), whiten, r.data(), precision.data());
    });
    return {columns(std::as_const(w.input), 0, n), t};
  }

  /// -eps / sigma = -(r / sqrt(v) + (alpha s / sigma) U^T F) / sqrt(v), along the axes.
  void score(ConstMatrixView<Scalar>, MatrixView<Scalar> out, Workspace& w) const {
    along_axes(out, w, [&](MatrixView<Scalar> f) {
      for (Index j = 0; j < f.cols(); ++j) {
        const auto ratio = broadcast(w.ratio(j));
        const auto combine = [&](const auto& output, const auto& s, const auto& q, const auto& opposite) {
          return multiply(q, multiply_add(multiply(ratio, s), output, opposite));
        };
        transform(f.col(j).data(), dimension_, combine, f.col(j).data(), deviation(), w.precision.col(j).data(),
                  w.opposite.col(j).data());
      }
    });
  }

  void backward(MatrixView<Scalar> dscore, Workspace& w) const {
    along_axes(dscore, w, [&](MatrixView<Scalar> d) {
      for (Index j = 0; j < d.cols(); ++j) {
        const auto ratio = broadcast(w.ratio(j));
        const auto scale = [&](const auto& gradient, const auto& s, const auto& q) {
          return multiply(multiply(q, multiply(ratio, s)), gradient);
        };
        transform(d.col(j).data(), dimension_, scale, d.col(j).data(), deviation(), w.precision.col(j).data());
      }
    });
  }

 private:
  const Scalar* mean() const { return constants_.data(); }
  const Scalar* deviation() const { return constants_.data() + dimension_; }

  /// m = U f(U^T m), f changing a matrix in place.
  template <class F>
  void along_axes(MatrixView<Scalar> m, Workspace& w, const F& f) const {
    if (!rotates_) return f(m);
    const ConstMatrixView<Scalar> u(constants_.data() + 2 * dimension_, dimension_, dimension_);
    auto rotated = columns(w.rotated, 0, m.cols());
    multiply_left_transposed(u, {m.data(), m.rows(), m.cols()}, rotated, w.room);
    f(rotated);
    multiply(u, {rotated.data(), m.rows(), m.cols()}, m, w.room);
  }

  Index dimension_;
  bool rotates_;
  Vector<Scalar> constants_;
};

}  // namespace scorefield
