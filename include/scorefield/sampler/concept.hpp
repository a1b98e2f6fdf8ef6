/// Samplers: rules by which a batch of samples goes through the noise levels, and methods that make them on a grid.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/grid/concept.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// What a rule asks of the model, besides the level itself.
enum class Estimate { denoised, score };

/// Where an evaluation of the model takes place: at this time, in the samples (0) or in one of the matrices that the
/// rule keeps (from 1 on).
template <Real Scalar>
struct EvaluationPoint {
  Scalar time;
  std::size_t of = 0;
};

/// One sample before its move: what the function of packets is about to be applied to.
template <Real Scalar, std::size_t kept_matrices>
struct SampleColumn {
  Index index;  // in the batch
  Index size;   // how many numbers each of the following has
  const Scalar *x, *estimate, *noise;
  std::array<const Scalar*, kept_matrices> kept;
};

/// A rule takes samples from times(0) through times(1), ... to the last of times(), which may rise or fall. Each step
/// evaluates the model `stages` times and after each moves the samples and `kept` matrices of the same size, which are
/// zeros at first and stay from step to step:
///   name, stages, kept, estimate     constants: for messages, two counts, and what of the model
///   times()                          one more than there are steps
///   draws_noise()                    whether moves need noise
///   at(step, stage)                  the EvaluationPoint
///   move(step, stage)                a function of packets: of the samples, the estimate, each kept matrix, standard
///                                    normals (zeros where none are drawn); it returns an array of what the samples
///                                    and the kept matrices become
/// It may offer:
///   stages_of(step)                  the stages of this step, `stages` or fewer
///   draws_noise(stage)               whether the moves of this stage need noise; those that need none do not look at
///   it move(step, stage, column)        in place of the above: a function for one sample, whose SampleColumn it may
///   look
///                                    at, for norms
///   at(step, stage, j)               in place of the above: each sample's own point, j being its column; `of` is the
///                                    same for all
/// A rule whose samples choose their own steps has a state for each, which its move may change, that of its own sample
/// alone, for samples are moved by several threads. In place of times() it has:
///   begin(count)                     is told the number of samples
///   rests(j)                         whether sample j is where it goes: it is moved no more where all of a chunk are
///   done(step)                       whether all are. Throws InvalidArgument where they do not get there
///   time()                           of the sample that is furthest behind
template <class R>
concept SamplingRule = std::move_constructible<R> && Real<typename R::Scalar> &&
    requires(R& rule, const R& constant, Index step, std::size_t stage,
             const SampleColumn<typename R::Scalar, R::kept>& column) {
  { R::name } -> std::convertible_to<const char*>;
  { R::stages } -> std::convertible_to<std::size_t>;
  { R::kept } -> std::convertible_to<std::size_t>;
  { R::estimate } -> std::convertible_to<Estimate>;
  { constant.draws_noise() } -> std::same_as<bool>;
  requires requires {
    { constant.times() } -> std::convertible_to<const Vector<typename R::Scalar>&>;
  } || requires {
    rule.begin(step);
    { constant.rests(step) } -> std::same_as<bool>;
    { constant.done(step) } -> std::same_as<bool>;
    { constant.time() } -> std::same_as<typename R::Scalar>;
  };
  requires requires {
    { constant.at(step, stage) } -> std::same_as<EvaluationPoint<typename R::Scalar>>;
  } || requires {
    { constant.at(step, stage, step) } -> std::same_as<EvaluationPoint<typename R::Scalar>>;
  };
  requires requires { constant.move(step, stage); } || requires {
    rule.move(step, stage, column);
  };
};

namespace detail {

/// How many matrices a method keeps.
template <class M>
inline constexpr std::size_t kept_by = [] {
  if constexpr (requires { M::kept; })
    return std::size_t{M::kept};
  else
    return std::size_t{0};
}();

/// Whether each sample has times of its own, chooses its own steps, or is moved by itself.
template <class R>
concept TimesPerSample = SamplingRule<R> && requires(const R& rule, Index step, std::size_t stage) {
  rule.at(step, stage, step);
};
template <class R>
concept StepsPerSample = SamplingRule<R> && requires(R& rule, Index count) {
  rule.begin(count);
};
template <class R>
concept MovesPerSample = SamplingRule<R> &&
    requires(R& rule, Index step, std::size_t stage, const SampleColumn<typename R::Scalar, R::kept>& column) {
  rule.move(step, stage, column);
};

}  // namespace detail

/// Hyper-parameters as a value that say how to step along a SamplingPath: what most samplers are. GridRule makes a
/// SamplingRule of them:
///   name                            a constant, for messages
///   Grid                            the TimeGrid it goes on unless told another by on_grid
///   steps                           how many
///   move(path, step, stage)         as a rule's, or move(path, step, stage, column)
/// It may have, where they differ from these:
///   t_last = 0, last_denoising = true           see GridEnds
///   stages = 1, kept = 0, estimate = denoised   constants, as a rule's
///   draws_noise() = false, draws_noise(stage) = draws_noise()
///   stages_of(path, step) = stages, at(path, step, stage) = {path.time(step)}
///   check(path)                     throws InvalidArgument for what cannot work
template <class M, class Equation>
concept GridMethod = Sde<Equation> && std::copy_constructible<M> && TimeGrid<typename M::Grid, Equation> &&
    requires(const M& method, const SamplingPath<Equation>& path, Index step, std::size_t stage,
             const SampleColumn<typename Equation::Scalar, detail::kept_by<M>>& column) {
  { M::name } -> std::convertible_to<const char*>;
  { method.steps } -> std::convertible_to<Index>;
  requires requires { method.move(path, step, stage); } || requires {
    method.move(path, step, stage, column);
  };
};

/// A GridMethod, or a value of which rule(sde) makes a rule for an equation. A rule is a sampler too.
template <class S, class Model>
concept Sampler = Denoiser<Model> && std::copy_constructible<S> &&
    (SamplingRule<S> || GridMethod<S, std::remove_cvref_t<decltype(std::declval<const Model&>().sde())>> ||
     requires(const S& sampler, const Model& model) {
       { sampler.rule(model.sde()) } -> SamplingRule;
     });

}  // namespace scorefield
