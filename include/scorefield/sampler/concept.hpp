/// Samplers: rules by which a batch of samples goes through the noise levels, step by step.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
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
/// Each sample may have times of its own: at(step, stage, j) and move(step, stage, j), j being its column, are
/// preferred where there are both, and times() are then for progress alone; `of` is then the same for all samples.
template <class R>
concept SamplingRule = std::move_constructible<R> && Real<typename R::Scalar> &&
    requires(const R& rule, Index step, std::size_t stage) {
  { R::name } -> std::convertible_to<const char*>;
  { R::stages } -> std::convertible_to<std::size_t>;
  { R::kept } -> std::convertible_to<std::size_t>;
  { R::estimate } -> std::convertible_to<Estimate>;
  { rule.times() } -> std::convertible_to<const Vector<typename R::Scalar>&>;
  { rule.draws_noise() } -> std::same_as<bool>;
  requires requires {
    { rule.at(step, stage) } -> std::same_as<EvaluationPoint<typename R::Scalar>>;
    rule.move(step, stage);
  } || requires {
    { rule.at(step, stage, step) } -> std::same_as<EvaluationPoint<typename R::Scalar>>;
    rule.move(step, stage, step);
  };
};

/// Hyper-parameters as a value, of which rule(sde) makes a rule for an equation. A rule is a sampler too.
template <class S, class Model>
concept Sampler = Denoiser<Model> && std::copy_constructible<S> &&
    (SamplingRule<S> || requires(const S& sampler, const Model& model) {
      { sampler.rule(model.sde()) } -> SamplingRule;
    });

namespace detail {

template <class S, Sde Equation>
auto rule_of(const S& sampler, const Equation& sde) {
  if constexpr (SamplingRule<S>)
    return sampler;
  else
    return sampler.rule(sde);
}

/// Whether each sample has times of its own.
template <class R>
concept TimesPerSample = SamplingRule<R> && requires(const R& rule, Index step, std::size_t stage) {
  rule.at(step, stage, step);
};

}  // namespace detail

}  // namespace scorefield
