/// EmpiricalDenoiser: the exact denoiser of a finite data set, which needs no training.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

struct EmpiricalOptions {
  double smoothing = 0;     // >= 0: the deviation of the perturbations, in the units of the data; 0 draws them alone
  Index perturbations = 8;  // from 2 on; as many times the work, where there is smoothing
  Seed seed = 0;            // of the perturbations
};

/// D(x, t) = sum_i w_i x_i over the n points of a data set, with weights w = softmax(-|x - alpha x_i|^2 / (2 sigma^2)):
/// the denoised sample of the distribution that is each point as likely, and what a network that learns without end
/// comes to. It draws the points themselves; how near a network's denoised samples come to its tells how much the
/// network has learnt by heart. An evaluation takes 4 n d operations and n exponentials, in double, so that it is as
/// exact at sigma = 1e-4 among points of 100. At sigma = 0, D is the nearest point. Karras et al. 2022,
/// arXiv:2206.00364, equation 57.
///
/// With smoothing it is the mean of D over fixed perturbations of x by normals of deviation alpha smoothing. It then
/// draws means of points that are about so far apart: a generative model without training. Scarvelis et al. 2023,
/// "Closed-Form Diffusion Models", arXiv:2310.12395, section 4.
template <Sde Equation>
class EmpiricalDenoiser {
 public:
  using Scalar = typename Equation::Scalar;

  struct Workspace {
    Matrix<double> x, centre, part, sum, v;  // d x chunk_size: the noisy samples, and means of points
    Matrix<double> weights, slopes;          // points of a block x chunk_size
    Vector<double> largest, total;           // of a column's exponents, and of their exponentials
    ProductRoom<double> exponents, means;
  };

  /// data: d x n. Throws InvalidArgument for smoothing below 0, and for fewer than two perturbations; like Dataset for
  /// data that are none.
  EmpiricalDenoiser(Equation sde, const Dataset<Scalar>& data, const EmpiricalOptions& options = {})
      : sde_(std::move(sde)),
        points_(data.samples().template cast<double>()),
        mean_(points_.rowwise().mean()),
        half_squares_(points_.cols()),
        perturbations_(Matrix<double>::Zero(points_.rows(),
                                            options.smoothing > 0 ? std::max<Index>(options.perturbations, 1) : 1)) {
    if (!(options.smoothing >= 0 && std::isfinite(options.smoothing)) || options.perturbations < 2)
      throw InvalidArgument("EmpiricalDenoiser", "smoothing of 0 or more, by two perturbations or more",
                            text(options.smoothing, " and ", options.perturbations), "0.3 by 8 is a start");
    points_.colwise() -= mean_;
    variances_.setZero(points_.rows());
    for (Index j = 0; j < points_.cols(); ++j)
      for (Index i = 0; i < points_.rows(); ++i)
        variances_(i) = multiply_add(points_(i, j), points_(i, j), variances_(i));
    variances_ /= static_cast<double>(points_.cols());
    for (Index i = 0; i < points_.cols(); ++i)
      half_squares_(i) = 0.5 * dot(points_.col(i).data(), points_.col(i).data());
    if (options.smoothing == 0) return;
    Random(options.seed, "perturbations").normal(view(perturbations_), 0, 0);
    perturbations_.colwise() -= perturbations_.rowwise().mean().eval();  // so that they move nothing on average
    perturbations_ *= options.smoothing;
  }

  const Equation& sde() const { return sde_; }
  Index dimension() const { return points_.rows(); }
  Index chunk_size() const { return 64; }

  Workspace workspace() const {
    const Index d = dimension(), n = chunk_size();
    const Matrix<double> room(d, n);
    Workspace w{room,
                room,
                room,
                room,
                room,
                Matrix<double>(block_size, n),
                Matrix<double>(block_size, n),
                Vector<double>(n),
                Vector<double>(n),
                {},
                {}};
    for (const Index points : {block_size, blocks().length(blocks().pieces() - 1)}) {
      w.exponents.reserve_left_transposed(points, d, n);
      w.means.reserve(d, points, n);
    }
    return w;
  }

  /// The normal distribution with the mean and the variances of the data's marginals at t = 1.
  void prior(MatrixView<Scalar> z, Workspace&) const {
    const auto alpha = static_cast<double>(sde_.signal(Scalar(1))),
               sigma = static_cast<double>(sde_.deviation(Scalar(1)));
    for (Index i = 0; i < z.rows(); ++i) {
      const double deviation = std::sqrt(multiply_add(alpha * alpha, variances_(i), sigma * sigma));
      for (Index j = 0; j < z.cols(); ++j)
        z(i, j) = static_cast<Scalar>(multiply_add(deviation, static_cast<double>(z(i, j)), alpha * mean_(i)));
    }
  }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    average_centres(batch, w);
    for (Index j = 0; j < batch.size(); ++j)
      for (Index i = 0; i < out.rows(); ++i) out(i, j) = static_cast<Scalar>(mean_(i) + w.sum(i, j));
  }

  /// grad log p_t(x), for sigma above 0.
  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    average_centres(batch, w);
    for (Index j = 0; j < batch.size(); ++j) {
      const auto alpha = static_cast<double>(batch.alpha(j)), precision = 1 / variance(batch, j);
      for (Index i = 0; i < out.rows(); ++i)
        out(i, j) = static_cast<Scalar>(
            precision * multiply_add(alpha, mean_(i) + w.sum(i, j), -static_cast<double>(batch.x(i, j))));
    }
  }

  void denoise_forward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    denoise(batch, out, w);
  }

  /// The derivative of D by x is alpha / sigma^2 times the covariance of the points by their weights. It takes three
  /// times as long as denoise, as it keeps nothing of it.
  void denoise_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> by_out, MatrixView<Scalar> by_x,
                        Workspace& w) const {
    const Index n = batch.size();
    columns(w.sum, 0, n).setZero();
    columns(w.v, 0, n) = by_out.template cast<double>();
    for (Index m = 0; m < perturbations_.cols(); ++m) {
      find_centres(batch, m, w);
      for (Index b = 0; b < blocks().pieces(); ++b) add_covariances(batch, b, w);
    }
    for (Index j = 0; j < n; ++j) {
      const auto alpha = static_cast<double>(batch.alpha(j)), sigma = static_cast<double>(batch.sigma(j));
      const double factor = sigma == 0 ? 0 : alpha / (variance(batch, j) * static_cast<double>(perturbations_.cols()));
      for (Index i = 0; i < by_x.rows(); ++i) by_x(i, j) = static_cast<Scalar>(factor * w.sum(i, j));
    }
  }

 private:
  static constexpr Index block_size = 256;

  Chunks blocks() const { return {points_.cols(), block_size}; }

  /// sigma^2, above 0.
  static double variance(const NoisyBatch<Scalar>& batch, Index j) {
    const auto sigma = static_cast<double>(batch.sigma(j));
    return std::max(sigma * sigma, 1e-100);
  }

  double dot(const double* a, const double* b) const {
    return sum_of(
        dimension(), [](const auto& x, const auto& y) { return multiply(x, y); }, a, b);
  }

  /// sum = the mean of the centres over perturbations.
  void average_centres(const NoisyBatch<Scalar>& batch, Workspace& w) const {
    auto sum = columns(w.sum, 0, batch.size());
    sum.setZero();
    for (Index m = 0; m < perturbations_.cols(); ++m) {
      find_centres(batch, m, w);
      sum += columns(w.centre, 0, batch.size());
    }
    sum /= static_cast<double>(perturbations_.cols());
  }

  /// weights = the exponents of a block's points: -|x - alpha x_i|^2 / (2 sigma^2), but for what all points share.
  MatrixView<double> exponents(const NoisyBatch<Scalar>& batch, Index block, Workspace& w) const {
    const Index first = blocks().first(block), count = blocks().length(block), n = batch.size();
    MatrixView<double> z(w.weights.data(), count, n);
    multiply_left_transposed(columns(points_, first, count), columns(std::as_const(w.x), 0, n), z, w.exponents);
    for (Index j = 0; j < n; ++j) {
      const auto alpha = static_cast<double>(batch.alpha(j));
      const auto minus_alpha = broadcast(-alpha), scale = broadcast(alpha / variance(batch, j));
      const auto exponent = [&](const auto& product, const auto& half_square) {
        return multiply(scale, multiply_add(minus_alpha, half_square, product));
      };
      double* column = z.col(j).data();
      transform(column, count, exponent, column, half_squares_.data() + first);
    }
    return z;
  }

  /// centre = sum_i w_i x_i around the data's mean, for x moved by a perturbation, block by block: what is added up so
  /// far is scaled down where a larger exponent comes.
  void find_centres(const NoisyBatch<Scalar>& batch, Index perturbation, Workspace& w) const {
    const Index d = dimension(), n = batch.size();
    assert(n <= chunk_size() && batch.x.rows() == d);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < d; ++i)
        w.x(i, j) = multiply_add(static_cast<double>(batch.alpha(j)), perturbations_(i, perturbation) - mean_(i),
                                 static_cast<double>(batch.x(i, j)));
    auto centre = columns(w.centre, 0, n);
    centre.setZero();
    w.total.setZero();
    w.largest.setConstant(-std::numeric_limits<double>::infinity());
    for (Index b = 0; b < blocks().pieces(); ++b) {
      auto z = exponents(batch, b, w);
      for (Index j = 0; j < n; ++j) {
        const double largest = std::max(w.largest(j), z.col(j).maxCoeff()), kept = std::exp(w.largest(j) - largest);
        w.largest(j) = largest;
        w.total(j) = multiply_add(w.total(j), kept, exponentiate(z.col(j).data(), z.rows(), largest));
        centre.col(j) *= kept;
      }
      add_mean_of(b, z, centre, w);
    }
    for (Index j = 0; j < n; ++j) centre.col(j) /= w.total(j);
  }

  /// z becomes exp(z - largest); returns its sum.
  static double exponentiate(double* z, Index count, double largest) {
    const auto exponential = [at = broadcast(largest)](const auto& number) {
      return exp_of_negative(subtract(number, at));
    };
    transform(z, count, exponential, z);
    return sum_of(count, z);
  }

  /// to += a block's points times the weights.
  void add_mean_of(Index block, MatrixView<double> weights, MatrixView<double> to, Workspace& w) const {
    auto part = columns(w.part, 0, to.cols());
    multiply(columns(points_, blocks().first(block), weights.rows()), {weights.data(), weights.rows(), weights.cols()},
             part, w.means);
    to += part;
  }

  /// sum += the part of a block's points in the product of their covariance with v, after find_centres.
  void add_covariances(const NoisyBatch<Scalar>& batch, Index block, Workspace& w) const {
    const Index n = batch.size();
    auto z = exponents(batch, block, w);
    MatrixView<double> along(w.slopes.data(), z.rows(), n);
    multiply_left_transposed(columns(points_, blocks().first(block), z.rows()), columns(std::as_const(w.v), 0, n),
                             along, w.exponents);
    for (Index j = 0; j < n; ++j) {
      exponentiate(z.col(j).data(), z.rows(), w.largest(j));
      const auto mean = broadcast(dot(w.centre.col(j).data(), w.v.col(j).data())), share = broadcast(1 / w.total(j));
      const auto slope = [&](const auto& weight, const auto& product) {
        return multiply(multiply(weight, share), subtract(product, mean));
      };
      transform(z.col(j).data(), z.rows(), slope, std::as_const(z).col(j).data(), std::as_const(along).col(j).data());
    }
    add_mean_of(block, z, columns(w.sum, 0, n), w);
  }

  Equation sde_;
  Matrix<double> points_;  // d x n, around their mean
  Vector<double> mean_, variances_, half_squares_;
  Matrix<double> perturbations_;  // d x how many
};

}  // namespace scorefield
