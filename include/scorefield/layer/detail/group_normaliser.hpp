/// Group normalisation whose gain and offset are the caller's: what GroupNorm and ResidualBlock share.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <concepts>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield::detail {

/// y = f(normalised(x) gain + offset). normalised(x) = (x - mean) / sqrt(variance + epsilon), where mean and variance
/// are those of a sample's numbers in one of `groups` runs of channels, over all pixels. Wu and He 2018,
/// arXiv:1803.08494, equation 1 and 2.
///
/// Gain and offset are the caller's: `affine` holds the gain of each channel over the offset of each channel, as
/// 2 channels x 1 for all samples alike or 2 channels x n for each sample its own. A layer with parameters passes
/// those. A block whose context modulates it, y = f(normalised(x) (1 + scale) + shift), passes what it has made of the
/// context, and hands on the gradient by it.
template <Real S, Activation F = Identity>
class GroupNormaliser {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> moments;     // 2 channels x columns: of each channel's group the mean, then 1 / deviation
    Matrix<Scalar> derivative;  // size x columns: f'
    Vector<Scalar> sums;        // 2 channels: what backward adds up of one sample
  };

  /// Throws InvalidArgument, in the name of `operation`, unless groups divides the channels, a group has more than one
  /// number and epsilon is finite and positive.
  GroupNormaliser(const std::string& operation, const ImageShape& shape, Index groups, Scalar epsilon)
      : shape_(checked_shape(operation, shape)), groups_(groups), epsilon_(epsilon) {
    if (groups < 1 || shape.channels % groups != 0)
      throw InvalidArgument(operation, "a number of groups that divides the channels",
                            text(groups, " groups for ", shape.channels, " channels"),
                            "usual are 32, or 4 to 16 channels a group");
    if (shape.size() == groups)
      throw InvalidArgument(operation, "groups of more than one number", text(groups, " of one number each"),
                            "the mean of one number leaves nothing of it");
    if (!(epsilon > 0 && std::isfinite(epsilon)))
      throw InvalidArgument(operation, "a finite positive epsilon", text(epsilon),
                            "it is added to variances; 1e-5 is usual");
  }

  const ImageShape& shape() const { return shape_; }

  Workspace workspace(Index columns) const {
    Workspace w{Matrix<Scalar>(2 * shape_.channels, columns), {}, Vector<Scalar>(2 * shape_.channels)};
    if constexpr (!linear) w.derivative.resize(shape_.size(), columns);
    return w;
  }

  /// x and y: size x n.
  void evaluate(const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> affine, MatrixView<Scalar> y,
                Workspace& w) const {
    run(x, affine, y, w,
        [c = shape_.channels](Index channels, const Scalar* from, const Scalar* moments, const Scalar* gain, Scalar* to,
                              Scalar*) {
          const auto value = [](const auto&... of) { return F::evaluate(scaled(of...)).value; };
          transform(to, channels, value, from, moments, moments + c, gain, gain + c);
        });
  }

  /// The same, and keeps what backward needs.
  void forward(const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> affine, MatrixView<Scalar> y,
               Workspace& w) const {
    if constexpr (linear)
      evaluate(x, affine, y, w);
    else
      run(x, affine, y, w,
          [c = shape_.channels](Index channels, const Scalar* from, const Scalar* moments, const Scalar* gain,
                                Scalar* to, Scalar* derivative) {
            const auto both = [](const auto&... of) {
              const auto f = F::evaluate(scaled(of...));
              return std::array{f.value, f.derivative};
            };
            transform(std::array{to, derivative}, channels, both, from, moments, moments + c, gain, gain + c);
          });
  }

  /// After that forward, with dy the gradient of a loss by y: writes the one by x to dx, unless dx has no columns, and
  /// adds the one by affine to daffine, of the same shape, unless it has no numbers; dy is scratch afterwards.
  void backward(const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> affine, MatrixView<Scalar> dy,
                const ImagePairView<Scalar>& dx, MatrixView<Scalar> daffine, Workspace& w) const {
    assert(daffine.size() == 0 || (daffine.rows() == affine.rows() && daffine.cols() == affine.cols()));
    const Index c = shape_.channels;
    const auto sum = [](const auto& a, const auto& b) { return add(a, b); };
    for (Index j = 0; j < x.cols(); ++j) {
      const Scalar *moments = w.moments.col(j).data(), *gain = affine.col(own(affine, j)).data();
      sum_products(x, dy, j, w);
      Scalar* of_gain = w.sums.data();
      Scalar* of_offset = of_gain + c;
      if (daffine.size() > 0) {
        Scalar* target = daffine.col(own(affine, j)).data();
        transform(target, 2 * c, sum, target, of_gain);
      }
      if (dx.cols() == 0) continue;

      // With d the gradient by the normalised numbers, n: dx = (d - mean of d - n mean of d n) / deviation.
      const auto product = [](const auto& a, const auto& b) { return multiply(a, b); };
      transform(of_gain, c, product, of_gain, gain);
      transform(of_offset, c, product, of_offset, gain);
      average_groups(of_gain);
      average_groups(of_offset);
      const auto slope = [](const auto& number, const auto& d, const auto& mean, const auto& inverse,
                            const auto& factor, const auto& of_product, const auto& of_d) {
        using scorefield::multiply;
        const auto normalised = multiply(subtract(number, mean), inverse);
        return multiply(inverse, subtract(multiply(d, factor), multiply_add(normalised, of_product, of_d)));
      };
      const auto write_part = [&](Index k, Index channels, const auto& some, auto to) {
        const Scalar *from = some.col(j).data(), *dz = dy.col(j).data() + k;
        for (Index i = 0; i < some.rows(); i += channels, dz += c)
          transform(&to(i, j), channels, slope, from + i, dz, moments + k, moments + c + k, gain + k, of_gain + k,
                    of_offset + k);
      };
      for_each_part(shape_.pixels(), write_part, x, dx);
    }
  }

 private:
  static constexpr bool linear = std::same_as<F, Identity>;

  template <class P>
  static P scaled(const P& number, const P& mean, const P& inverse, const P& gain, const P& offset) {
    return multiply_add(multiply(subtract(number, mean), inverse), gain, offset);
  }

  /// The column of affine that is sample j's.
  static Index own(ConstMatrixView<Scalar> affine, Index j) { return affine.cols() == 1 ? 0 : j; }

  /// pixel(channels, x, moments, affine, y, derivative) for each pixel of each image, on the moments of its sample.
  template <class Pixel>
  void run(const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> affine, MatrixView<Scalar> y, Workspace& w,
           const Pixel& pixel) const {
    assert(x.rows() == shape_.size() && y.rows() == x.rows() && y.cols() == x.cols());
    assert(affine.rows() == 2 * shape_.channels && (affine.cols() == 1 || affine.cols() == x.cols()));
    for (Index j = 0; j < x.cols(); ++j) {
      Scalar* moments = w.moments.col(j).data();
      find_moments(x, j, moments);
      const Scalar* gain = affine.col(own(affine, j)).data();
      const auto run_part = [&](Index k, Index channels, const auto& part) {
        const Scalar* from = part.col(j).data();
        for (Index i = k; i < shape_.size(); i += shape_.channels, from += channels)
          pixel(channels, from, moments + k, gain + k, &y(i, j), linear ? nullptr : &w.derivative(i, j));
      };
      for_each_part(shape_.pixels(), run_part, x);
    }
  }

  /// Of sample j. Mean first, then the mean square of what is left: no digits are lost where the mean is large.
  void find_moments(const ConstImagePairView<Scalar>& x, Index j, Scalar* mean) const {
    const Index c = shape_.channels;
    Scalar* square = mean + c;
    std::fill_n(mean, 2 * c, Scalar(0));
    const auto plus = [](const auto& sum, const auto& number) { return add(sum, number); };
    const auto add_part = [&](Index k, Index channels, const auto& part) {
      const Scalar* from = part.col(j).data();
      for (Index i = 0; i < part.rows(); i += channels) transform(mean + k, channels, plus, mean + k, from + i);
    };
    for_each_part(shape_.pixels(), add_part, x);
    average_groups(mean);
    const auto add_square = [](const auto& sum, const auto& number, const auto& centre) {
      const auto d = subtract(number, centre);
      return multiply_add(d, d, sum);
    };
    const auto add_squares_of_part = [&](Index k, Index channels, const auto& part) {
      const Scalar* from = part.col(j).data();
      for (Index i = 0; i < part.rows(); i += channels)
        transform(square + k, channels, add_square, square + k, from + i, mean + k);
    };
    for_each_part(shape_.pixels(), add_squares_of_part, x);
    average_groups(square);
    for (Index k = 0; k < c; ++k) square[k] = 1 / std::sqrt(square[k] + epsilon_);
  }

  /// dy = dy f', the gradient by what f is applied to, and its sums over the pixels of sample j: times the normalised
  /// numbers, then as it is.
  void sum_products(const ConstImagePairView<Scalar>& x, MatrixView<Scalar> dy, Index j, Workspace& w) const {
    const Index c = shape_.channels;
    const Scalar* moments = w.moments.col(j).data();
    w.sums.setZero();
    Scalar* of_product = w.sums.data();
    Scalar* of_dy = of_product + c;
    const auto sums = [](const auto& product, const auto& sum, const auto& d, const auto& number, const auto& mean,
                         const auto& inverse) {
      return std::array{d, multiply_add(multiply(subtract(number, mean), inverse), d, product), add(sum, d)};
    };
    const auto add_part = [&](Index k, Index channels, const auto& part) {
      const Scalar* from = part.col(j).data();
      for (Index i = k; i < shape_.size(); i += c, from += channels) {
        Scalar* d = &dy(i, j);
        if constexpr (!linear)
          transform(
              d, channels, [](const auto& a, const auto& b) { return multiply(a, b); }, d, &w.derivative(i, j));
        transform(std::array{d, of_product + k, of_dy + k}, channels, sums, of_product + k, of_dy + k, d, from,
                  moments + k, moments + c + k);
      }
    };
    for_each_part(shape_.pixels(), add_part, x);
  }

  /// Of one number a channel: each becomes the sum of its group's over the numbers in it.
  void average_groups(Scalar* values) const {
    const Index width = shape_.channels / groups_;
    const auto count = static_cast<Scalar>(shape_.pixels() * width);
    for (Index first = 0; first < shape_.channels; first += width) {
      Scalar sum = 0;
      for (Index c = first; c < first + width; ++c) sum += values[c];
      std::fill_n(values + first, width, sum / count);
    }
  }

  ImageShape shape_;
  Index groups_;
  Scalar epsilon_;
};

}  // namespace scorefield::detail
