/// The log density (log likelihood) of samples by the probability flow, with its standard error.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/likelihood/detail/affine_prior.hpp"
#include "scorefield/likelihood/detail/flow_paths.hpp"
#include "scorefield/likelihood/detail/own_points.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sde/condition.hpp"

namespace scorefield {

/// How the divergence of the flow is found: exactly, by as many products with the derivative as a sample has numbers;
/// or as Hutchinson estimates it, the mean over products with random probes, of which Rademacher's, -1 or 1, err less:
/// not at all where the derivative is diagonal. `automatic` is exact for up to 32 numbers and `rademacher` beyond.
enum class Trace { automatic, exact, rademacher, normal };

struct DensityOptions {
  double tolerance = 1e-4;  // in [1e-12, 0.1]: about the error of a step, in the model's units and in nats
  Trace trace = Trace::automatic;
  Index probes = 8;        // 2 to 2^20, where the trace is estimated: the same ones all along a sample's path
  Seed seed = 0;           // of the probes
  std::int64_t first = 0;  // the number of the first sample, by which its probes are drawn
  double t = 0;            // 0: the density of data; in (0, 1), from first_level on: of the marginal at this time
  double first_level =
      1e-3;  // from 64 roundings on: for data, the noise level sigma / alpha at which the denoiser is asked first
  Index max_steps = 1000;    // of six evaluations each, refused ones too
  int threads = 0;           // 0: all
  Condition condition = {};  // what the samples are given: k x 1, or k x n
};

/// Of n samples.
struct LogDensity {
  Vector<double> value;            // log p(x) in nats, in the data's units
  Vector<double> standard_error;   // of the value, by the probes; 0 for the exact trace
  double tolerance;                // of the solver, see DensityOptions
  std::vector<Index> evaluations;  // of the flow, on the way of each sample; a product with the derivative for each
                                   // probe, or for each row, belongs to one
};

/// log p(x | condition) of each column of x (d x n), in the data's units:
///   log p(x) = log p_1(x(1)) + int_0^1 div(dx/dt) dt
/// along the probability flow from x to noise at t = 1, where the density is that of the model's prior: Song et al.
/// 2021, arXiv:2011.13456, equation 39. detail::FlowPaths says how it is integrated. It is the density that
/// deterministic samplers draw from, and errs by some ten times the tolerance, and, where the trace is estimated, as
/// the standard error says. What the model would have below first_level is extrapolated: data that lie on points, as
/// those of EmpiricalDenoiser, have a density at a t above 0 only.
///
/// Costs five to twenty steps a sample, each of six evaluations, which are a forward pass and d or `probes` products
/// with the derivative. The value of a sample has the same bits whatever the others and the threads. Throws
/// InvalidArgument for another d, options out of their ranges, a condition that is not the model's, numbers that its
/// units refuse, and where a way takes too many steps; NonFinite for samples that are not finite, and for values that
/// are not.
template <class Model>
LogDensity log_density(const Model& model, const Matrix<typename Model::Scalar>& x,
                       const DensityOptions& options = {}) {
  static_assert(Denoiser<Model>,
                "log_density: the first argument is a denoiser, with denoise and prior; scorefield/model/concept.hpp "
                "says what is missing, model/score_model.hpp shows one");
  static_assert(DifferentiableDenoiser<Model>,
                "log_density: the denoiser must be one that can be asked back to its input, with denoise_forward and "
                "denoise_backward; scorefield/model/concept.hpp says what they do. likelihood_bound needs neither");
  using Scalar = typename Model::Scalar;
  static constexpr const char* name = "log_density";
  const Index d = model.dimension(), n = x.cols();
  const bool exact = options.trace == Trace::exact || (options.trace == Trace::automatic && d <= 32);
  constexpr Index most_probes = 1 << 20;
  if (!exact && !(options.probes >= 2 && options.probes <= most_probes))
    throw InvalidArgument(name, text("2 to ", most_probes, " probes, whose spread tells the error"),
                          text(options.probes), "8 are usual; Trace::exact needs none");
  detail::check_sample_range(name, d, n, options.first);
  const detail::FlowEnds<Scalar> ends(name, model.sde(), options.t, options.first_level);
  const detail::AffinePrior<Scalar> prior(name, model);
  const Matrix<Scalar> points = detail::own_points(name, model, x);
  detail::FlowPaths<Model> paths(model, points / static_cast<Scalar>(ends.radius),
                                 detail::told(name, model, options.condition, n), detail::to_noise(name, ends, options),
                                 {exact ? d : options.probes, exact, options.trace == Trace::normal, options.first,
                                  Random(options.seed, "trace probes")});
  while (!paths.done()) paths.step();

  LogDensity result{Vector<double>(n), Vector<double>::Zero(n), options.tolerance, {}};
  for (Index j = 0; j < n; ++j) {
    const ConstVectorView<double> integrals(columns(paths.integrals(), j, 1).data(), paths.integrals().rows());
    const auto probes = static_cast<double>(integrals.size());
    const double integral = sum_of(integrals.size(), integrals.data()) / probes;
    double squares = 0;
    for (const double of_probe : integrals) {
      const double off = of_probe - integral;
      squares = multiply_add(off, off, squares);
    }
    const Vector<double> z = prior.inverse(ends.last_radius * paths.points().col(j).template cast<double>());
    result.value(j) =
        multiply_add(static_cast<double>(d), std::log(ends.last_radius / ends.radius), prior.log_density(z) + integral);
    if (!exact) result.standard_error(j) = std::sqrt(squares / (probes * (probes - 1)));
    result.evaluations.push_back(paths.evaluations(j));
  }
  detail::add_log_derivative(model, x, result.value);
  detail::check_each_finite(name, "log densities", result.value);
  return result;
}

}  // namespace scorefield
