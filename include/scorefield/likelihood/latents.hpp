/// Latents: the noise that the probability flow makes of data, the way back, and interpolation between them.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/likelihood/detail/affine_prior.hpp"
#include "scorefield/likelihood/detail/flow_paths.hpp"
#include "scorefield/likelihood/detail/own_points.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sde/condition.hpp"

namespace scorefield {

struct LatentOptions {
  double tolerance = 1e-5;  // in [1e-12, 0.1]: about the error of a step, in the model's units
  double first_level =
      1e-3;  // from 64 roundings on: the noise level sigma / alpha at which the denoiser is asked first, or last
  Index max_steps = 1000;    // of six evaluations each, refused ones too
  int threads = 0;           // 0: all
  Condition condition = {};  // what the samples are given: k x 1, or k x n
};

/// The latent z of each column of x (d x n), d x n: standard normals, if the model's density is that of x, of which the
/// prior and the probability flow make x. Each takes its own adaptive steps, and has the same bits whatever the others
/// and the threads. Song et al. 2021, arXiv:2011.13456, section 4.3. Throws as log_density does.
template <class Model>
Matrix<typename Model::Scalar> encode(const Model& model, const Matrix<typename Model::Scalar>& x,
                                      const LatentOptions& options = {}) {
  static_assert(
      Denoiser<Model>,
      "encode: the first argument is a denoiser, with denoise and prior; scorefield/model/concept.hpp says what "
      "is missing, model/score_model.hpp shows one");
  using Scalar = typename Model::Scalar;
  static constexpr const char* name = "encode";
  const detail::FlowEnds<Scalar> ends(name, model.sde(), 0, options.first_level);
  const detail::AffinePrior<Scalar> prior(name, model);
  detail::FlowPaths<Model> paths(model, detail::own_points(name, model, x),
                                 detail::told(name, model, options.condition, x.cols()),
                                 detail::to_noise(name, ends, options));
  while (!paths.done()) paths.step();
  Matrix<Scalar> z = paths.points();
  for (Index j = 0; j < z.cols(); ++j)
    z.col(j) = prior.inverse(ends.last_radius * z.col(j).template cast<double>()).template cast<Scalar>();
  detail::check_each_finite(name, "latents", z);
  return z;
}

/// The samples of latents z (d x n), d x n, in the data's units: the inverse of encode. Throws likewise.
template <class Model>
Matrix<typename Model::Scalar> decode(const Model& model, const Matrix<typename Model::Scalar>& z,
                                      const LatentOptions& options = {}) {
  static_assert(
      Denoiser<Model>,
      "decode: the first argument is a denoiser, with denoise and prior; scorefield/model/concept.hpp says what "
      "is missing, model/score_model.hpp shows one");
  using Scalar = typename Model::Scalar;
  static constexpr const char* name = "decode";
  detail::check_rows(name, model, z);
  detail::check_each_finite(name, "latents", z);
  const detail::FlowEnds<Scalar> ends(name, model.sde(), 0, options.first_level);
  Matrix<Scalar> points = z;
  auto workspace = model.workspace();
  const Chunks chunks{z.cols(), model.chunk_size()};
  for (Index i = 0; i < chunks.pieces(); ++i)
    model.prior(columns(points, chunks.first(i), chunks.length(i)), workspace);
  points /= static_cast<Scalar>(ends.last_radius);
  detail::FlowPaths<Model> paths(model, std::move(points), detail::told(name, model, options.condition, z.cols()),
                                 detail::to_data(name, ends, options));
  while (!paths.done()) paths.step();
  detail::check_each_finite(name, "samples", paths.points());
  if constexpr (detail::HasUnits<Model>)
    return model.units().to_data(paths.points());
  else
    return paths.points();
}

/// How far decode(encode(x)) is from each of n samples x (d x n), in the data's units: the largest difference of its
/// numbers. That is the solver's error, for the flow itself can be undone exactly. Throws likewise.
template <class Model>
Vector<typename Model::Scalar> round_trip_error(const Model& model, const Matrix<typename Model::Scalar>& x,
                                                const LatentOptions& options = {}) {
  const auto back = decode(model, encode(model, x, options), options);
  return (back - x).cwiseAbs().colwise().maxCoeff().transpose();
}

/// The latents (d x n) at a share in [0, 1] of the way between those of two samples each (d x n), 0 being the first:
/// along the great circle between their directions, with lengths that change in proportion, so that they stay as long
/// as normals are. Shoemake 1985, "Animating Rotation with Quaternion Curves"; for latents White 2016,
/// arXiv:1609.04468, section 2.1. Throws InvalidArgument for shapes that differ, another share, and latents in opposite
/// directions, between which there is no one way (of one number, those of opposite signs).
template <Real Scalar>
SCOREFIELD_ONE_COPY Matrix<Scalar> interpolate(const Matrix<Scalar>& from, const Matrix<Scalar>& to, double share) {
  static constexpr const char* name = "interpolate";
  if (from.rows() != to.rows() || from.cols() != to.cols())
    throw InvalidArgument(name, text("latents of one shape, ", from.rows(), " x ", from.cols()),
                          text(to.rows(), " x ", to.cols()), "pass as many of each");
  if (!(share >= 0 && share <= 1))
    throw InvalidArgument(name, "a share in [0, 1]", text(share), "0 is the first and 1 the second");
  for (const auto* latents : {&from, &to})
    detail::check_each_finite(name, "latents", *latents, "encode makes latents of samples");
  Matrix<Scalar> all(from.rows(), from.cols());
  for (Index j = 0; j < from.cols(); ++j) {
    const Vector<double> a = from.col(j).template cast<double>(), b = to.col(j).template cast<double>();
    const double length_a = a.norm(), length_b = b.norm(), length = multiply_add(share, length_b - length_a, length_a);
    double of_a = 1 - share, of_b = share;  // of latents without a direction, or of one direction
    if (length_a > 0 && length_b > 0) {
      // Of unit vectors, half of the angle between them by half of their difference, which is exact for small ones.
      const double sum = (a / length_a + b / length_b).norm(), difference = (a / length_a - b / length_b).norm();
      const double angle = 2 * std::atan2(difference, sum);
      if (sum < 1e-6)
        throw InvalidArgument(name, "latents that are not opposite", text("sample ", j, ", whose are"),
                              "go by a third latent");
      const double sine = std::sin(angle);
      of_a = (angle < 1e-6 ? 1 - share : std::sin((1 - share) * angle) / sine) * length / length_a;
      of_b = (angle < 1e-6 ? share : std::sin(share * angle) / sine) * length / length_b;
    }
    for (Index i = 0; i < a.size(); ++i) all(i, j) = static_cast<Scalar>(multiply_add(of_a, a(i), of_b * b(i)));
  }
  return all;
}

}  // namespace scorefield
