/// Denoisers: what samplers, losses and likelihoods need of a model.
#pragma once

#include <concepts>
#include <type_traits>

#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// An equation and the denoised sample D = E[x(0) | x(t)] of its marginals: all that a sampler needs. D is well scaled
/// at all times; the score of the marginals is (alpha D - x) / sigma^2, by Tweedie's formula. Calls are const and
/// allocate nothing, and a column of D depends on the same column of the batch alone, to the last bit, so that a sample
/// does not depend on the batch that it is in; for D (d x n) and n at most chunk_size():
///   sde(), dimension(), chunk_size(), workspace()
///   denoise(batch, D, workspace)
///   prior(z, workspace)             turns standard normals z (d x n) into samples at t = 1, where sampling starts:
///                                   an affine map A z + m of each column, so that they are normals themselves
/// It may offer, for those who ask for the score, to compute it without a detour by D:
///   score(batch, score, workspace)  grad log p_t(x), d x n
/// and, where samples can be given a condition:
///   condition_size()                the k numbers of one
/// and, where it computes in other units than its users, Units:
///   units()                         by which data come in, and samples and conditions go to and fro
template <class M>
concept Denoiser = std::copy_constructible<M> && Real<typename M::Scalar> &&
    requires(const M& model, const NoisyBatch<typename M::Scalar>& batch, MatrixView<typename M::Scalar> out,
             typename M::Workspace& workspace) {
  requires Sde<std::remove_cvref_t<decltype(model.sde())>>;
  { model.dimension() } -> std::convertible_to<Index>;
  { model.chunk_size() } -> std::convertible_to<Index>;
  { model.workspace() } -> std::same_as<typename M::Workspace>;
  model.denoise(batch, out, workspace);
  model.prior(out, workspace);
};

/// A denoiser that can be asked back to its input: for likelihoods, guidance and inverse problems.
///   denoise_forward(batch, D, workspace)           as denoise, and keeps what denoise_backward needs
///   denoise_backward(batch, dD, dx, workspace)     after that, with dD the gradient of a loss by D: writes to dx the
///                                                  one by x; dD is scratch afterwards. It may be called again, with
///                                                  another dD. A column of dx depends on the same column of
///                                                  batch and dD alone
template <class M>
concept DifferentiableDenoiser = Denoiser<M> &&
    requires(const M& model, const NoisyBatch<typename M::Scalar>& batch, MatrixView<typename M::Scalar> out,
             typename M::Workspace& workspace) {
  model.denoise_forward(batch, out, workspace);
  model.denoise_backward(batch, out, out, workspace);
};

/// A denoiser with parameters that can be learnt from samples of which data and noise are known; see denoising_task.hpp
/// for the error:
///   parameters(), set_parameters(p)
///   set_trained_on(fingerprint)                    optional: is told the data's fingerprint when it has learnt them
///   error(p, task, error, workspace)               the weighted error (d x n) for parameters p
///   error_forward(p, task, error, workspace)       the same, and keeps what error_backward needs
///   error_backward(p, task, scale, error, gradient, workspace)
///                                                  after that: adds to `gradient` the gradient by p of a loss whose
///                                                  gradient by column j of the error is scale(j) times that column;
///                                                  the error is scratch afterwards
template <class M>
concept TrainableModel = Denoiser<M> &&
    requires(M& model, const M& constant, const Vector<typename M::Scalar>& p, ConstVectorView<typename M::Scalar> view,
             const DenoisingTask<typename M::Scalar>& task, MatrixView<typename M::Scalar> error,
             VectorView<typename M::Scalar> gradient, typename M::Workspace& workspace) {
  { constant.parameters() } -> std::convertible_to<const Vector<typename M::Scalar>&>;
  model.set_parameters(p);
  constant.error(view, task, error, workspace);
  constant.error_forward(view, task, error, workspace);
  constant.error_backward(view, task, view, error, gradient, workspace);
};

}  // namespace scorefield
