/// The stepper that takes a batch of samples through the steps of any sampler.
#pragma once

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/detail/chunked_model.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
#include "scorefield/sampler/sample_options.hpp"

namespace scorefield {

/// A batch of samples on its way, which can be looked at between steps. Sample i of a seed has the same bits whatever
/// the others and the threads. Steps allocate nothing. Refers to the model.
template <Denoiser Model, SamplingRule Rule>
requires std::same_as<typename Model::Scalar, typename Rule::Scalar>
class Stepper {
 public:
  using Scalar = typename Model::Scalar;

  /// Draws `count` samples from the model's prior. Throws InvalidArgument for samples that are not in
  /// [0, most_samples), more of them than a matrix can index, a condition that is not the model's, and a rule that does
  /// not begin at t = 1.
  Stepper(const Model& model, Rule rule, Index count, Seed seed, const SampleOptions& options = {})
      : Stepper({model, count, options}, std::move(rule), seed) {
    begin(chunks_.prior(seed));
    if (count > 0 && time() != 1)
      throw InvalidArgument(Rule::name, "times that begin at 1, where the prior stands", text(time()),
                            "pass samples that stand there in place of their number");
  }

  /// Begins with samples (d x count), in the data's units, that stand at the first of the rule's times. Throws
  /// InvalidArgument unless they are of the model's dimension, and as the other.
  Stepper(const Model& model, Rule rule, Matrix<Scalar> samples, Seed seed, const SampleOptions& options = {})
      : Stepper({model, samples.cols(), options}, std::move(rule), seed) {
    if (samples.rows() != model.dimension())
      throw InvalidArgument("sample", text("samples of ", model.dimension(), " rows, as the model has"),
                            text(samples.rows(), " x ", samples.cols()), "a column is a sample");
    if constexpr (detail::HasUnits<Model>) samples = model.units().to_model(samples);
    begin(std::move(samples));
  }

  /// Whether the samples are at their last time. Throws InvalidArgument where a rule that chooses its steps does not
  /// get there.
  bool done() const {
    if constexpr (detail::StepsPerSample<Rule>)
      return rule_.done(step_);
    else
      return step_ + 1 == rule_.times().size();
  }
  /// In [0, 1]: 1 is noise and 0 is data. Of the sample that is furthest behind, where each has its own.
  Scalar time() const {
    if constexpr (detail::StepsPerSample<Rule>)
      return rule_.time();
    else
      return rule_.times()(step_);
  }
  /// d x count, at that time, in the data's units: a matrix of its own where the model has others.
  decltype(auto) samples() const {
    if constexpr (detail::HasUnits<Model>)
      return chunks_.model().units().to_data(matrices_[0]);
    else
      return own_samples();
  }

  /// The same in the model's units.
  const Matrix<Scalar>& own_samples() const { return matrices_[0]; }

  /// Takes the samples to the next time. Throws InvalidArgument after the last one.
  void step() {
    if (done())
      throw InvalidArgument(text(Rule::name, "::step"), "a stepper that is not done",
                            text("one at its last time ", time()), "loop while (!stepper.done())");
    std::size_t stages = Rule::stages;
    if constexpr (requires { rule_.stages_of(step_); }) stages = rule_.stages_of(step_);
    for (std::size_t stage = 0; stage < stages; ++stage) move(stage);
    ++step_;
  }

 private:
  static constexpr std::size_t matrices = 1 + Rule::kept;

  using Chunks = detail::ChunkedModel<Model>;
  using Room = typename Chunks::Room;

  Stepper(Chunks chunks, Rule rule, Seed seed)
      : chunks_(std::move(chunks)), rule_(std::move(rule)), noise_(seed, "reverse noise") {}

  void begin(Matrix<Scalar> samples) {
    for (std::size_t k = 1; k < matrices; ++k) matrices_[k].setZero(samples.rows(), samples.cols());
    if constexpr (detail::StepsPerSample<Rule>) rule_.begin(samples.cols());
    matrices_[0] = std::move(samples);
  }

  /// A stage of a step: each chunk of samples is evaluated and moved.
  void move(std::size_t stage) {
    if constexpr (detail::MovesPerSample<Rule>) {
      chunks_.for_each([&](Index first, Index n, Room& room) {
        if (rest(first, n)) return;
        evaluate(stage, first, n, room);
        for (Index j = 0; j < n; ++j)
          apply(rule_.move(step_, stage, column(first + j, j, room)), first + j, 1, j, room);
      });
    } else {
      const auto move = rule_.move(step_, stage);
      chunks_.for_each([&](Index first, Index n, Room& room) {
        evaluate(stage, first, n, room);
        apply(move, first, n, 0, room);
      });
    }
  }

  /// Whether n samples from `first` on are where they go.
  bool rest(Index first, Index n) const {
    if constexpr (detail::StepsPerSample<Rule>) {
      bool all = true;
      for (Index j = 0; j < n; ++j) all &= rule_.rests(first + j);
      return all;
    } else {
      return false;
    }
  }

  /// The rule's estimate of n samples from `first` on, where it asks for it, and noise for them.
  void evaluate(std::size_t stage, Index first, Index n, Room& room) const {
    std::size_t of = 0;
    if constexpr (detail::TimesPerSample<Rule>) {
      of = rule_.at(step_, stage, first).of;
      for (Index j = 0; j < n; ++j) {
        assert(rule_.at(step_, stage, first + j).of == of);
        room.levels.set(j, chunks_.model().sde(), rule_.at(step_, stage, first + j).time);
      }
    } else {
      const auto point = rule_.at(step_, stage);
      of = point.of;
      room.levels.fill(n, chunks_.model().sde(), point.time);
    }
    chunks_.evaluate(Rule::estimate, columns(matrices_[of], first, n), first, room);
    bool draws = rule_.draws_noise();
    if constexpr (requires { rule_.draws_noise(stage); }) draws = rule_.draws_noise(stage);
    if (draws)
      chunks_.draw_noise(noise_, first, n, step_ * static_cast<Index>(Rule::stages) + static_cast<Index>(stage), room);
  }

  /// Sample j of the batch, whose estimate and noise are in column `local`.
  SampleColumn<Scalar, Rule::kept> column(Index j, Index local, const Room& room) const {
    SampleColumn<Scalar, Rule::kept> of{j,
                                        matrices_[0].rows(),
                                        columns(matrices_[0], j, 1).data(),
                                        columns(room.estimate, local, 1).data(),
                                        columns(room.noise, local, 1).data(),
                                        {}};
    for (std::size_t k = 0; k < Rule::kept; ++k) of.kept[k] = columns(matrices_[k + 1], j, 1).data();
    return of;
  }

  /// Moves n samples from `first` on, whose estimates and noise are in columns from `local` on.
  template <class Move>
  void apply(const Move& move, Index first, Index n, Index local, Room& room) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      const std::array<Scalar*, matrices> at{columns(matrices_[K], first, n).data()...};
      // The rule is given the samples, the estimate, what it keeps and the noise, in this order.
      const auto in_order = [&move](const auto& x, const auto& estimate, const auto& noise, const auto&... kept) {
        return move(x, estimate, kept..., noise);
      };
      [&]<std::size_t... M>(std::index_sequence<M...>) {
        transform(at, n * matrices_[0].rows(), in_order, static_cast<const Scalar*>(at[0]),
                  static_cast<const Scalar*>(columns(room.estimate, local, n).data()),
                  static_cast<const Scalar*>(columns(room.noise, local, n).data()),
                  static_cast<const Scalar*>(at[1 + M])...);
      }
      (std::make_index_sequence<Rule::kept>{});
    }
    (std::make_index_sequence<matrices>{});
  }

  Chunks chunks_;
  Rule rule_;
  Random noise_;
  std::array<Matrix<Scalar>, matrices> matrices_;  // the samples, and what the rule keeps
  Index step_ = 0;
};

namespace detail {

/// Tells a caller who passes something else what is expected.
template <class Model, class Method>
struct SamplerArguments {
  static_assert(Denoiser<Model>,
                "sample: the first argument is a denoiser, with denoise and prior; scorefield/model/concept.hpp says "
                "what is missing, model/score_model.hpp shows one");
  static_assert(
      Sampler<Method, Model>,
      "sample: the second argument is a sampler: a method on a grid, with Grid, steps and move, or what has a "
      "rule(sde), or a rule; scorefield/sampler/concept.hpp says what is missing, sampler/rule/ddim.hpp shows "
      "one");
  static_assert(
      std::same_as<typename Model::Scalar, typename decltype(rule_of(std::declval<const Method&>(),
                                                                     std::declval<const Model&>().sde()))::Scalar>,
      "sample: model and sampler compute in the same scalar, float or double");
};

}  // namespace detail

/// A stepper of a sampler, or of a rule: from `count` samples of the model's prior, or from samples (d x n) that stand
/// at its first time. Throws what the sampler throws for hyper-parameters that cannot work, what the Stepper's
/// constructors throw, and NonFinite for given samples that are not finite.
template <class Model, class Method>
auto start(const Model& model, const Method& sampler, Index count, Seed seed, const SampleOptions& options = {}) {
  [[maybe_unused]] const detail::SamplerArguments<Model, Method> checked;
  auto rule = detail::rule_of(sampler, model.sde());
  return Stepper<Model, decltype(rule)>(model, std::move(rule), count, seed, options);
}
template <class Model, class Method>
auto start(const Model& model, const Method& sampler, Matrix<typename Model::Scalar> samples, Seed seed,
           const SampleOptions& options = {}) {
  [[maybe_unused]] const detail::SamplerArguments<Model, Method> checked;
  if (!samples.allFinite())
    throw NonFinite("sample", "finite samples to start from", "a NaN or an infinity", "look at where they come from");
  auto rule = detail::rule_of(sampler, model.sde());
  return Stepper<Model, decltype(rule)>(model, std::move(rule), std::move(samples), seed, options);
}

/// The model must outlive its stepper: give it a name.
template <class Model, class... Rest>
void start(const Model&& model, const Rest&...) = delete;

}  // namespace scorefield
