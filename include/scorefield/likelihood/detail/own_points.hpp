/// Samples in a model's own units, and the ends of their way along the flow: what likelihoods and latents check alike.
#pragma once

#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/likelihood/detail/flow_paths.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield::detail {

/// Throws NonFinite, which names the first sample (a column, or a number) that is not finite.
template <class Derived>
void check_each_finite(const char* operation, const char* what, const Eigen::MatrixBase<Derived>& of,
                       const char* hint = "look at what the model was trained to, and at whether the density is one") {
  const bool numbers = of.cols() == 1 && Derived::ColsAtCompileTime == 1;
  for (Index j = 0; j < (numbers ? of.rows() : of.cols()); ++j)
    if (!(numbers ? std::isfinite(of(j, 0)) : of.col(j).allFinite()))
      throw NonFinite(operation, text("finite ", what), text("a NaN or an infinity in sample ", j), hint);
}

/// Throws InvalidArgument unless they are of the model's dimension.
template <Denoiser Model>
void check_rows(const char* operation, const Model& model, const Matrix<typename Model::Scalar>& x) {
  if (x.rows() != model.dimension())
    throw InvalidArgument(operation, text("samples of ", model.dimension(), " rows, as the model has"),
                          text(x.rows(), " x ", x.cols()), "a column is a sample");
}

/// Samples (d x n) in the units that the model computes in. Throws InvalidArgument for another d and for numbers that
/// its units refuse, NonFinite for numbers that are not finite.
template <Denoiser Model>
Matrix<typename Model::Scalar> own_points(const char* operation, const Model& model,
                                          const Matrix<typename Model::Scalar>& x) {
  check_rows(operation, model, x);
  check_each_finite(operation, "samples", x, "leave such samples out");
  if constexpr (HasUnits<Model>)
    return model.units().to_model(x);
  else
    return x;
}

/// Adds to log densities of samples z in the model's own units what makes them those of x (d x n) in the data's.
template <Denoiser Model>
void add_log_derivative(const Model& model, const Matrix<typename Model::Scalar>& x, Vector<double>& log_densities) {
  if constexpr (HasUnits<Model>) {
    static_assert(
        requires { model.units().log_derivative(x); },
        "a density needs units that tell dimension() and log_derivative(x), as Units do; samples of which some numbers "
        "are Known have none");
    if (model.units().dimension() > 0) log_densities += model.units().log_derivative(x).template cast<double>();
  }
}

/// Where the flow of samples at a time, 0 being data, begins and ends.
template <Real Scalar>
struct FlowEnds {
  double first_angle, last_angle;
  double radius, last_radius;  // of that time and of t = 1: samples are radius times the y of FlowPaths
  bool of_data;

  /// Throws InvalidArgument for a time that is not in [0, 1), or above 0 and of less noise than the first level, and
  /// for a first level that is not in [64 roundings, level at 1).
  template <Sde Equation>
  FlowEnds(const char* operation, const Equation& sde, double time, double first_level)
      : last_angle(noise_angle(sde, Scalar(1))),
        last_radius(noise_radius(sde, Scalar(1))),
        of_data(static_cast<Scalar>(time) == 0) {
    const auto t = static_cast<Scalar>(time);
    if (!(t >= 0 && t < 1))
      throw InvalidArgument(operation, "a time in [0, 1)", text(time), "0 is data and 1 is noise");
    const double least = 64 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
    if (!(first_level >= least && std::atan(first_level) < last_angle))
      throw InvalidArgument(operation,
                            text("a first_level from ", least, " to below ", std::tan(last_angle), ", as at t = 1"),
                            text(first_level), "1e-3 is usual");
    if (!of_data && noise_angle(sde, t) < std::atan(first_level))
      throw InvalidArgument(operation, text("t = 0, or a time of noise from first_level = ", first_level, " on"),
                            text(time, ", of level ", std::tan(noise_angle(sde, t))),
                            "lower first_level, or take the density of data");
    first_angle = of_data ? std::atan(first_level) : noise_angle(sde, t);
    radius = noise_radius(sde, t);
  }
};

/// From data, or samples at a time, to noise. Throws InvalidArgument for options that are out of their ranges.
template <Real Scalar>
FlowSettings to_noise(const char* operation, const FlowEnds<Scalar>& ends, const auto& options) {
  if (!(options.tolerance >= 1e-12 && options.tolerance <= 0.1) || options.max_steps < 1)
    throw InvalidArgument(operation, "a tolerance from 1e-12 to 0.1 and max_steps from 1 on",
                          text(options.tolerance, " and ", options.max_steps), "1e-4 and 1000 are usual");
  return {operation, ends.first_angle,  ends.last_angle,   ends.of_data,
          false,     options.tolerance, options.max_steps, options.threads};
}

/// And back.
template <Real Scalar>
FlowSettings to_data(const char* operation, const FlowEnds<Scalar>& ends, const auto& options) {
  auto settings = to_noise(operation, ends, options);
  std::swap(settings.from, settings.to);
  std::swap(settings.opens, settings.closes);
  return settings;
}

}  // namespace scorefield::detail
