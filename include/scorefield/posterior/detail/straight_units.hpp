/// The units of a model's data, where they are a straight map.
#pragma once

#include <cmath>
#include <limits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/detail/in_units.hpp"

namespace scorefield::detail {

/// u = scale z + shift, row by row, from a model's units to those of the data; u = z where a model has none. The scale
/// of a constant row is 0.
template <Real Scalar>
class StraightUnits {
 public:
  /// Throws InvalidArgument, in the name of an operation, where a row's map is not straight.
  template <class Model>
  StraightUnits(const char* operation, const Model& model)
      : scale_(Vector<Scalar>::Ones(model.dimension())), shift_(Vector<Scalar>::Zero(model.dimension())) {
    if constexpr (HasUnits<Model>) {
      const auto at = [&](Scalar z) -> Vector<Scalar> {
        return model.units().to_data(Matrix<Scalar>::Constant(model.dimension(), 1, z));
      };
      const Scalar far = 1024;  // so that a shift that is large beside the scale takes few of its digits
      scale_ = (at(far) - at(-far)) / (2 * far);
      shift_ = at(0);
      for (const Scalar z : {Scalar(-2), Scalar(-0.5), Scalar(0.75), Scalar(1)}) {
        const Vector<Scalar> u = at(z);
        for (Index i = 0; i < u.size(); ++i)
          if (!(std::abs(multiply_add(scale_(i), z, shift_(i)) - u(i)) <=
                16 * std::numeric_limits<Scalar>::epsilon() *
                    (std::abs(shift_(i)) + std::abs(u(i)) + std::abs(scale_(i)))))
            throw InvalidArgument(operation, "units that are a straight map of each row, as Row::any() and constant()",
                                  text("others in row ", i),
                                  "a posterior is known in closed form for those alone: fit the units without ranks, "
                                  "logarithms and bounds");
      }
    }
  }

  /// Takes samples (d x n) to the data's units.
  void to_data(MatrixView<Scalar> samples) const {
    for (Index j = 0; j < samples.cols(); ++j)
      for (Index i = 0; i < samples.rows(); ++i) samples(i, j) = multiply_add(scale_(i), samples(i, j), shift_(i));
  }

  /// Multiplies each row of v (d x n) by its scale.
  void rescale(MatrixView<Scalar> v) const {
    for (Index j = 0; j < v.cols(); ++j)
      for (Index i = 0; i < v.rows(); ++i) v(i, j) *= scale_(i);
  }

 private:
  Vector<Scalar> scale_, shift_;
};

}  // namespace scorefield::detail
