/// Parameterisations of a denoiser: what the network's output means.
#pragma once

#include <concepts>
#include <type_traits>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// What a network predicts of x = alpha x0 + sigma noise, and with it the denoised sample D. Both D and the score are
/// affine in the network's output F, and each is computed straight from it. Calls are const and allocate nothing; for F
/// and D (d x n) and n at most the network's chunk_size():
///   validate(d)                             throws InvalidArgument where samples of d numbers do not fit
///   workspace(network)
///   prior(alpha, sigma, z, workspace)       turns standard normals z (d x n), in place, into what is known of samples
///                                           at that level
///   input(batch, workspace)                 the batch that the network is to be called with: this one, or other
///                                           samples and other numbers in place of times, views of the workspace
/// After that input, for the same batch:
///   denoised(batch, F, workspace)           turns F into D, in place
///   score(batch, F, workspace)              turns F into the score grad log p_t(x), in place
///   denoised_backward(batch, d, workspace)  turns the gradient of a loss by D into the one by F, in place
///   input_backward(batch, d, dx, workspace) turns dx, the gradient by the x of that input, into the one by the x of
///                                           the batch, in place, d being the one by D
///   error(task, F, error, workspace)        the weighted error of the task
///   error_backward(task, scale, error, workspace)
///                                           turns the error, each column times its scale, into the gradient by F of a
///                                           loss with that gradient by the error, in place
/// Where it divides by alpha, so that it cannot serve equations that leave no signal at t = 1, it says so:
///   static constexpr bool needs_signal = true
template <class P, class Net>
concept Prediction = std::copy_constructible<P> && Network<Net> &&
    requires(const P& prediction, const Net& network, Index d, typename Net::Scalar number,
             const NoisyBatch<typename Net::Scalar>& batch, const DenoisingTask<typename Net::Scalar>& task,
             ConstMatrixView<typename Net::Scalar> in, ConstVectorView<typename Net::Scalar> scale,
             MatrixView<typename Net::Scalar> out, decltype(prediction.workspace(network))& workspace) {
  prediction.validate(d);
  prediction.prior(number, number, out, workspace);
  { prediction.input(batch, workspace) } -> std::same_as<NoisyBatch<typename Net::Scalar>>;
  prediction.denoised(batch, out, workspace);
  prediction.score(batch, out, workspace);
  prediction.denoised_backward(batch, out, workspace);
  prediction.input_backward(batch, in, out, workspace);
  prediction.error(task, in, out, workspace);
  prediction.error_backward(task, scale, out, workspace);
};

/// Whether a prediction needs signal at all times, as far as its type says: false unless it has a constant of this name
/// that is true.
template <class P>
constexpr bool needs_signal() {
  if constexpr (requires { std::bool_constant<P::needs_signal>{}; })
    return P::needs_signal;
  else
    return false;
}

/// A prediction that holds numbers of the data, one flat vector with named pieces. They are not trained, and belong to
/// what is saved of a model:
///   layout(), constants(), set_constants(c)
template <class P>
concept FittedPrediction = requires(P& prediction, const P& constant) {
  { constant.layout() } -> std::convertible_to<ParameterLayout>;
  prediction.set_constants(constant.constants());
};

}  // namespace scorefield
