/// EDM's preconditioning (Karras et al.): input, output and target of the network have variance 1, and it is told the
/// logarithm of the noise.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// With v = sigma^2 + (alpha s)^2, where s is the deviation of the data:
///   D = (alpha s^2 / v) x + (sigma s / sqrt(v)) F(x / sqrt(v), log(sigma / alpha) / 4).
/// The network is told that logarithm in place of t, which is infinite where alpha is 0. For EdmEquation, where noise
/// is much larger than data at most times; for alpha = 1 these are c_skip, c_out, c_in and c_noise of Karras et al.
/// 2022, arXiv:2206.00364, table 1, and otherwise the same of x / alpha and sigma / alpha. LinearDenoiserCorrection is
/// the same with a mean and a deviation of each coordinate's own, and told the time.
class EdmPreconditioning : public detail::LinearPrediction<EdmPreconditioning> {
 public:
  static constexpr bool needs_signal = true;

  /// x / sqrt(v) and what the network is told of its noise.
  template <Real Scalar>
  struct Inputs : Workspace {
    Matrix<Scalar> x;     // d x chunk_size
    Vector<Scalar> time;  // chunk_size
  };

  /// data_deviation: s in the model's units, so 1 for data that have Units. Throws InvalidArgument unless it is
  /// positive and finite.
  explicit EdmPreconditioning(double data_deviation = 0.5) : data_deviation_(data_deviation) {
    if (!(data_deviation > 0 && std::isfinite(data_deviation)))
      throw InvalidArgument("EdmPreconditioning", "a positive, finite data_deviation", text(data_deviation),
                            "it is the deviation of the data in the model's units");
  }

  std::string settings() const { return settings_text("EdmPreconditioning", {{"data_deviation", data_deviation_}}); }
  static EdmPreconditioning from_settings(const ReadSettings& settings) {
    return EdmPreconditioning(settings.of("EdmPreconditioning").get<double>("data_deviation"));
  }

  template <Network Net>
  Inputs<typename Net::Scalar> workspace(const Net& network) const {
    using Scalar = typename Net::Scalar;
    return {{}, Matrix<Scalar>(network.dimension(), network.chunk_size()), Vector<Scalar>(network.chunk_size())};
  }

  template <Real Scalar>
  NoisyBatch<Scalar> input(const NoisyBatch<Scalar>& batch, Inputs<Scalar>& w) const {
    const Index n = batch.size();
    for (Index j = 0; j < n; ++j) {
      w.x.col(j) = batch.x.col(j) * input_share(batch, j);
      w.time(j) = std::log(batch.sigma(j) / batch.alpha(j)) / 4;
    }
    const auto& told = std::as_const(w);
    return {columns(told.x, 0, n), segment(view(told.time), 0, n), batch.alpha, batch.sigma, batch.condition};
  }

  template <Real Scalar>
  void input_backward(const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> d, MatrixView<Scalar> dx,
                      Workspace& w) const {
    for (Index j = 0; j < dx.cols(); ++j) dx.col(j) *= input_share(batch, j);
    LinearPrediction::input_backward(batch, d, dx, w);
  }

  template <Real Scalar>
  detail::ViewShares<Scalar> denoised_shares(Scalar alpha, Scalar sigma) const {
    const auto s = static_cast<Scalar>(data_deviation_);
    const Scalar v = variance(alpha, sigma);
    return {alpha * s * (s / v), sigma * (s / std::sqrt(v))};
  }
  /// -x / v + alpha s F / (sigma sqrt(v)).
  template <Real Scalar>
  detail::ViewShares<Scalar> score_shares(Scalar alpha, Scalar sigma) const {
    const Scalar v = variance(alpha, sigma);
    return {-1 / v, alpha * static_cast<Scalar>(data_deviation_) / (sigma * std::sqrt(v))};
  }
  template <Real Scalar>
  detail::ErrorShares<Scalar> error_shares(Scalar alpha, Scalar sigma) const {
    const auto s = static_cast<Scalar>(data_deviation_);
    const Scalar v = variance(alpha, sigma);
    return {s * std::sqrt(v), alpha * s * s, -sigma, v};
  }

 private:
  /// Of the noisy samples.
  template <Real Scalar>
  Scalar variance(Scalar alpha, Scalar sigma) const {
    const Scalar signal = alpha * static_cast<Scalar>(data_deviation_);
    return multiply_add(signal, signal, sigma * sigma);
  }

  template <Real Scalar>
  Scalar input_share(const NoisyBatch<Scalar>& batch, Index j) const {
    return 1 / std::sqrt(variance(batch.alpha(j), batch.sigma(j)));
  }

  double data_deviation_;
};

}  // namespace scorefield
