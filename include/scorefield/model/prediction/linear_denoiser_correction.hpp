/// The linear denoiser correction: a network that predicts what the best linear denoiser of the data leaves over.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/moments.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/detail/check_scale.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// How LinearDenoiserCorrection::fit looks at the data.
struct LinearFitOptions {
  Covariance covariance = Covariance::diagonal;
  /// The deviation of a noise that is added to the data's variances, so that none is 0, in the model's units, which are
  /// about 1. Samplers that end by denoising draw coordinates that are constant with less of it: see t_last of
  /// DpmSolverPlusPlus.
  double floor = 0.02;
};

/// Were the data normal, with mean m and covariance U diag(s^2) U^T, the denoised sample would be linear in x. The
/// network adds to it, in the coordinates r = U^T (x - alpha m), with v = alpha^2 s^2 + sigma^2:
///   D = m + U (alpha s^2 r / v - (sigma s / sqrt(v)) U^T F(U (r / sqrt(v)), t)).
/// Input and target have variance 1 in each coordinate at all times, and a network that is silent still draws the
/// normal distribution nearest to the data, from its own prior on: a good start where data are few, smooth, or more
/// alike than their units tell. U is the identity (Covariance::diagonal) or the data's principal axes (full); the
/// network sees and gives samples in their own coordinates either way, and the time itself. The preconditioning of
/// Karras et al. 2022, arXiv:2206.00364, section 5 and table 1, for a deviation of each coordinate's own.
template <Real S>
class LinearDenoiserCorrection {
 public:
  using Scalar = S;

  /// d x chunk_size each. Along the axes: r / sqrt(v), 1 / sqrt(v), and others on their way there and back.
  struct Workspace {
    Matrix<Scalar> input, white, precision, rotated, rotated_noise, rotated_data;
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
  /// not negative, and as principal_moments does.
  static LinearDenoiserCorrection fit(const Dataset<Scalar>& data, const LinearFitOptions& options = {}) {
    if (!(std::isfinite(options.floor) && options.floor >= 0))
      throw InvalidArgument("LinearDenoiserCorrection::fit", "a finite floor from 0 on", text(options.floor),
                            "it is a deviation; 0.02 is usual for data of deviation about 1");
    const auto moments = principal_moments(data, options.covariance);
    const Vector<double> deviation = (moments.variance.array() + options.floor * options.floor).sqrt();
    return {moments.mean.template cast<Scalar>(), deviation.template cast<Scalar>(),
            moments.axes.template cast<Scalar>()};
  }

  std::string settings() const {
    return settings_text("LinearDenoiserCorrection", {{"dimension", dimension_}, {"rotates", rotates_ ? 1 : 0}});
  }
  /// Without constants, which are yet to be set.
  static LinearDenoiserCorrection from_settings(const ReadSettings& settings) {
    settings.of("LinearDenoiserCorrection");
    return {settings.get<Index>("dimension", detail::largest_stored_size), settings.get<Index>("rotates", 1) == 1};
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

  /// Throws InvalidArgument where it cannot have been fitted to data in units of a mean about 0 and a deviation
  /// about 1.
  void validate_units() const {
    const auto mean = constants_.head(dimension_), deviation = constants_.segment(dimension_, dimension_);
    if (mean.cwiseAbs().maxCoeff() > detail::largest_mean || deviation.maxCoeff() > detail::largest_deviation)
      throw InvalidArgument(
          "LinearDenoiserCorrection", "a fit to data in the model's units",
          text("means up to ", mean.cwiseAbs().maxCoeff(), " and deviations up to ", deviation.maxCoeff()),
          "fit it to what the network sees, units.to_model(data)");
  }

  template <Network Net>
  Workspace workspace(const Net& network) const {
    const Index n = network.chunk_size();
    const auto room = [&](bool needed) { return Matrix<Scalar>(dimension_, needed ? n : Index{0}); };
    Workspace w{room(true), room(true), room(true), room(rotates_), room(rotates_), room(true), {}};
    if (rotates_) {
      w.room.reserve(dimension_, dimension_, n);
      w.room.reserve_left_transposed(dimension_, dimension_, n);
    }
    return w;
  }

  /// Into samples of the normal distribution nearest to the data, alpha m + U sqrt(v) z.
  void prior(Scalar alpha, Scalar sigma, MatrixView<Scalar> z, Workspace& w) const {
    const auto signal = broadcast(alpha), variance = broadcast(sigma * sigma);
    along_axes(z, w, [&](MatrixView<Scalar> r) {
      const auto widen = [&](const auto& number, const auto& s) {
        const auto scaled = multiply(signal, s);
        return multiply(square_root(multiply_add(scaled, scaled, variance)), number);
      };
      for (Index j = 0; j < r.cols(); ++j) transform(r.col(j).data(), dimension_, widen, r.col(j).data(), deviation());
    });
    const auto shift = [&](const auto& number, const auto& m) { return multiply_add(signal, m, number); };
    for (Index j = 0; j < z.cols(); ++j) transform(z.col(j).data(), dimension_, shift, z.col(j).data(), mean());
  }

  NoisyBatch<Scalar> input(const NoisyBatch<Scalar>& batch, Workspace& w) const {
    const Index n = batch.size();
    auto input = columns(w.input, 0, n), white = columns(w.white, 0, n), precision = columns(w.precision, 0, n);
    for (Index j = 0; j < n; ++j) {
      const Scalar alpha = batch.alpha(j), sigma = batch.sigma(j);
      const auto signal = broadcast(alpha), opposite_signal = broadcast(-alpha), variance = broadcast(sigma * sigma);
      const auto one = broadcast(Scalar(1));
      const auto centre = [&](const auto& sample, const auto& m, const auto& s) {
        const auto scaled = multiply(signal, s);
        return std::array{multiply_add(opposite_signal, m, sample),
                          divide(one, square_root(multiply_add(scaled, scaled, variance)))};
      };
      transform(std::array{input.col(j).data(), precision.col(j).data()}, dimension_, centre, batch.x.col(j).data(),
                mean(), deviation());
    }
    along_axes(input, w, [&](MatrixView<Scalar> r) {
      const auto whiten = [](const auto& number, const auto& q) {
        const auto result = multiply(number, q);
        return std::array{result, result};
      };
      transform(std::array{r.data(), white.data()}, r.size(), whiten, r.data(), precision.data());
    });
    return batch.around(columns(std::as_const(w.input), 0, n));
  }

  void denoised(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    along_axes(out, w, [&](MatrixView<Scalar> f) {
      for (Index j = 0; j < f.cols(); ++j) {
        const auto signal = broadcast(batch.alpha(j)), opposite_noise = broadcast(-batch.sigma(j));
        const auto combine = [&](const auto& output, const auto& s, const auto& q, const auto& white) {
          return multiply(multiply(s, q), multiply_add(opposite_noise, output, multiply(multiply(signal, s), white)));
        };
        transform(f.col(j).data(), dimension_, combine, f.col(j).data(), deviation(), w.precision.col(j).data(),
                  w.white.col(j).data());
      }
    });
    const auto shift = [](const auto& number, const auto& m) { return add(number, m); };
    for (Index j = 0; j < out.cols(); ++j) transform(out.col(j).data(), dimension_, shift, out.col(j).data(), mean());
  }

  /// -(r / sqrt(v) + (alpha s / sigma) U^T F) / sqrt(v), along the axes.
  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    along_axes(out, w, [&](MatrixView<Scalar> f) {
      for (Index j = 0; j < f.cols(); ++j) {
        const auto ratio = broadcast(-batch.alpha(j) / batch.sigma(j));
        const auto combine = [&](const auto& output, const auto& s, const auto& q, const auto& white) {
          return multiply(q, multiply_add(multiply(ratio, s), output, negate(white)));
        };
        transform(f.col(j).data(), dimension_, combine, f.col(j).data(), deviation(), w.precision.col(j).data(),
                  w.white.col(j).data());
      }
    });
  }

  void denoised_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> d, Workspace& w) const {
    along_axes(d, w, [&](MatrixView<Scalar> r) { scale_columns(r, w, [&](Index j) { return -batch.sigma(j); }); });
  }

  void input_backward(const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> d, MatrixView<Scalar> dx,
                      Workspace& w) const {
    auto direct = columns(w.rotated_data, 0, d.cols());
    to_axes(d, direct, w);
    along_axes(dx, w, [&](MatrixView<Scalar> g) {
      for (Index j = 0; j < g.cols(); ++j) {
        const auto signal = broadcast(batch.alpha(j));
        const auto combine = [&](const auto& through, const auto& by_denoised, const auto& s, const auto& q) {
          const auto share = multiply(multiply(signal, s), multiply(s, q));
          return multiply(q, multiply_add(share, by_denoised, through));
        };
        transform(g.col(j).data(), dimension_, combine, g.col(j).data(), direct.col(j).data(), deviation(),
                  w.precision.col(j).data());
      }
    });
  }

  /// (alpha s^2 eps - sigma (x0 - m) - sqrt(v) s F) / v along the axes, which it stays along.
  void error(const DenoisingTask<Scalar>& task, ConstMatrixView<Scalar> f, MatrixView<Scalar> error,
             Workspace& w) const {
    const Index n = f.cols();
    to_axes(f, error, w);
    auto& centred = rotates_ ? w.rotated : w.rotated_data;
    auto data = columns(w.rotated_data, 0, n);
    const auto centre = [](const auto& sample, const auto& m) { return subtract(sample, m); };
    for (Index j = 0; j < n; ++j) transform(centred.col(j).data(), dimension_, centre, task.x0.col(j).data(), mean());
    if (rotates_) {
      to_axes(columns(std::as_const(centred), 0, n), data, w);
      to_axes(task.noise, columns(w.rotated_noise, 0, n), w);
    }
    for (Index j = 0; j < n; ++j) {
      const auto signal = broadcast(task.noisy.alpha(j)), opposite_noise = broadcast(-task.noisy.sigma(j)),
                 root = broadcast(task.root_weight(j));
      const auto combine = [&](const auto& output, const auto& eps, const auto& x0, const auto& s, const auto& q) {
        const auto target =
            multiply(q, multiply_add(multiply(signal, multiply(s, s)), eps, multiply(opposite_noise, x0)));
        return multiply(multiply(root, q), multiply_add(negate(s), output, target));
      };
      const Scalar* noise = rotates_ ? w.rotated_noise.col(j).data() : task.noise.col(j).data();
      transform(error.col(j).data(), dimension_, combine, error.col(j).data(), noise, data.col(j).data(), deviation(),
                w.precision.col(j).data());
    }
  }

  void error_backward(const DenoisingTask<Scalar>& task, ConstVectorView<Scalar> scale, MatrixView<Scalar> error,
                      Workspace& w) const {
    scale_columns(error, w, [&](Index j) { return -task.root_weight(j) * scale(j); });
    from_axes(error, w);
  }

 private:
  LinearDenoiserCorrection(Index dimension, bool rotates) : dimension_(dimension), rotates_(rotates) {}

  const Scalar* mean() const { return constants_.data(); }
  const Scalar* deviation() const { return constants_.data() + dimension_; }
  ConstMatrixView<Scalar> rotation() const { return {constants_.data() + 2 * dimension_, dimension_, dimension_}; }

  /// Column j, along the axes, times share_of(j) s / sqrt(v).
  template <class ShareOf>
  void scale_columns(MatrixView<Scalar> m, const Workspace& w, const ShareOf& share_of) const {
    for (Index j = 0; j < m.cols(); ++j) {
      const auto scale = [share = broadcast(share_of(j))](const auto& number, const auto& s, const auto& q) {
        return multiply(multiply(share, multiply(s, q)), number);
      };
      transform(m.col(j).data(), dimension_, scale, m.col(j).data(), deviation(), w.precision.col(j).data());
    }
  }

  /// to = U^T from.
  void to_axes(ConstMatrixView<Scalar> from, MatrixView<Scalar> to, Workspace& w) const {
    if (rotates_)
      multiply_left_transposed(rotation(), from, to, w.room);
    else
      to = from;
  }

  /// m = U m.
  void from_axes(MatrixView<Scalar> m, Workspace& w) const {
    if (!rotates_) return;
    columns(w.rotated, 0, m.cols()) = m;
    multiply(rotation(), columns(std::as_const(w.rotated), 0, m.cols()), m, w.room);
  }

  /// m = U f(U^T m), f changing a matrix in place.
  template <class F>
  void along_axes(MatrixView<Scalar> m, Workspace& w, const F& f) const {
    if (!rotates_) return f(m);
    auto rotated = columns(w.rotated, 0, m.cols());
    multiply_left_transposed(rotation(), {m.data(), m.rows(), m.cols()}, rotated, w.room);
    f(rotated);
    multiply(rotation(), {rotated.data(), m.rows(), m.cols()}, m, w.room);
  }

  Index dimension_;
  bool rotates_;
  Vector<Scalar> constants_;
};

}  // namespace scorefield
