/// The stepper that takes a batch of samples through the steps of any sampler.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// Where in the stream of a seed's samples to start, and on how many threads.
struct SampleOptions {
  std::int64_t first = 0;  // the number of the first sample
  int threads = 0;         // 0: all
};

/// A batch of samples on its way, which can be looked at between steps. Sample i of a seed has the same bits whatever
/// the others and the threads. Steps allocate nothing. Refers to the model.
template <Denoiser Model, SamplingRule Rule>
requires std::same_as<typename Model::Scalar, typename Rule::Scalar>
class Stepper {
 public:
  using Scalar = typename Model::Scalar;

  /// Draws `count` samples from the model's prior. Throws InvalidArgument for samples that are not in
  /// [0, most_samples), and more of them than a matrix can index.
  Stepper(const Model& model, Rule rule, Index count, Seed seed, const SampleOptions& options = {})
      : Stepper(model, std::move(rule), room_for(model, count, options), seed, options) {
    const Random prior(seed, "prior");
    parallel_for(chunks_.pieces(), threads_, [&](Index i, int worker) {
      const auto z = columns(matrices_[0], chunks_.first(i), chunks_.length(i));
      prior.normal(z, options.first + chunks_.first(i), 0);
      model.prior(z, rooms_[static_cast<std::size_t>(worker)].model);
    });
  }

  /// Begins with samples (d x count) that stand at the first of the rule's times. Throws InvalidArgument unless they
  /// are of the model's dimension, and as the other.
  Stepper(const Model& model, Rule rule, Matrix<Scalar> samples, Seed seed, const SampleOptions& options = {})
      : model_(&model),
        rule_(std::move(rule)),
        first_(options.first),
        threads_(resolve_threads(options.threads)),
        chunks_(cut(samples.cols(), model.chunk_size())),
        noise_(seed, "reverse noise") {
    detail::check_sample_range("sample", model.dimension(), samples.cols(), options.first);
    if (samples.rows() != model.dimension())
      throw InvalidArgument("sample", text("samples of ", model.dimension(), " rows, as the model has"),
                            text(samples.rows(), " x ", samples.cols()), "a column is a sample");
    matrices_[0] = std::move(samples);
    for (std::size_t k = 1; k < matrices; ++k)
      matrices_[k] = Matrix<Scalar>::Zero(model.dimension(), matrices_[0].cols());
    const Index d = model.dimension(), n = model.chunk_size();
    for (Index i = 0; i < std::min<Index>(threads_, chunks_.pieces()); ++i)
      rooms_.push_back({NoiseLevels<Scalar>(n), Matrix<Scalar>(d, n), Matrix<Scalar>(Matrix<Scalar>::Zero(d, n)),
                        model.workspace()});
  }

  bool done() const { return step_ + 1 == rule_.times().size(); }
  /// In [0, 1]: 1 is noise and 0 is data.
  Scalar time() const { return rule_.times()(step_); }
  /// d x count, at that time.
  const Matrix<Scalar>& samples() const { return matrices_[0]; }

  /// Takes the samples to the next time. Throws InvalidArgument after the last one.
  void step() {
    if (done())
      throw InvalidArgument(text(Rule::name, "::step"), "a stepper that is not done",
                            text("one at its last time ", time()), "loop while (!stepper.done())");
    for (std::size_t stage = 0; stage < Rule::stages; ++stage)
      if constexpr (detail::TimesPerSample<Rule>)
        move_each(stage);
      else
        move_all(stage);
    ++step_;
  }

 private:
  static constexpr std::size_t matrices = 1 + Rule::kept;

  struct Room {
    NoiseLevels<Scalar> levels;
    Matrix<Scalar> estimate, noise;  // d x chunk_size
    typename Model::Workspace model;
  };

  static Matrix<Scalar> room_for(const Model& model, Index count, const SampleOptions& options) {
    detail::check_sample_range("sample", model.dimension(), count, options.first);
    return Matrix<Scalar>(model.dimension(), count);
  }

  /// Of the model's size or less: from four on a multiple of four alike ones, so that two or four threads have nothing
  /// to wait for at the end.
  static Chunks cut(Index count, Index chunk_size) {
    const Chunks whole{count, chunk_size};
    if (whole.pieces() < 4 || whole.pieces() % 4 == 0) return whole;
    const Index pieces = 4 * Chunks{whole.pieces(), 4}.pieces();
    return {count, Chunks{count, pieces}.pieces()};
  }

  /// A stage of a step, at one time for all samples.
  void move_all(std::size_t stage) {
    const auto point = rule_.at(step_, stage);
    const auto move = rule_.move(step_, stage);
    for_each_chunk([&](Index first, Index n, Room& room) {
      room.levels.fill(n, model_->sde(), point.time);
      evaluate(room.levels.around(columns(std::as_const(matrices_[point.of]), first, n)), room);
      draw_noise(stage, first, n, room);
      apply(move, first, n, 0, room);
    });
  }

  /// A stage of a step, at a time of its own for each sample.
  void move_each(std::size_t stage) {
    for_each_chunk([&](Index first, Index n, Room& room) {
      for (Index j = 0; j < n; ++j) room.levels.set(j, model_->sde(), rule_.at(step_, stage, first + j).time);
      const auto of = rule_.at(step_, stage, first).of;
      evaluate(room.levels.around(columns(std::as_const(matrices_[of]), first, n)), room);
      draw_noise(stage, first, n, room);
      for (Index j = 0; j < n; ++j) apply(rule_.move(step_, stage, first + j), first + j, 1, j, room);
    });
  }

  /// Calls f(first, n, room) for each chunk, from sample `first` on.
  template <class F>
  void for_each_chunk(const F& f) {
    parallel_for(chunks_.pieces(), threads_, [&](Index i, int worker) {
      f(chunks_.first(i), chunks_.length(i), rooms_[static_cast<std::size_t>(worker)]);
    });
  }

  /// Standard normals, others for each stage of each step.
  void draw_noise(std::size_t stage, Index first, Index n, Room& room) const {
    if (rule_.draws_noise())
      noise_.normal(columns(room.noise, 0, n), first_ + first,
                    step_ * static_cast<Index>(Rule::stages) + static_cast<Index>(stage));
  }

  /// The rule's estimate of a batch.
  void evaluate(const NoisyBatch<Scalar>& batch, Room& room) const {
    auto out = columns(room.estimate, 0, batch.size());
    if constexpr (Rule::estimate == Estimate::denoised) {
      model_->denoise(batch, out, room.model);
    } else if constexpr (requires { model_->score(batch, out, room.model); }) {
      model_->score(batch, out, room.model);
    } else {  // by Tweedie's formula
      model_->denoise(batch, out, room.model);
      for (Index j = 0; j < out.cols(); ++j) {
        const Scalar precision = 1 / (batch.sigma(j) * batch.sigma(j));
        for (Index i = 0; i < out.rows(); ++i)
          out(i, j) = precision * multiply_add(batch.alpha(j), out(i, j), -batch.x(i, j));
      }
    }
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
        transform(at, n * model_->dimension(), in_order, static_cast<const Scalar*>(at[0]),
                  static_cast<const Scalar*>(columns(room.estimate, local, n).data()),
                  static_cast<const Scalar*>(columns(room.noise, local, n).data()),
                  static_cast<const Scalar*>(at[1 + M])...);
      }
      (std::make_index_sequence<Rule::kept>{});
    }
    (std::make_index_sequence<matrices>{});
  }

  const Model* model_;
  Rule rule_;
  std::int64_t first_;
  int threads_;
  Chunks chunks_;
  Random noise_;
  std::array<Matrix<Scalar>, matrices> matrices_;  // the samples, and what the rule keeps
  std::vector<Room> rooms_;
  Index step_ = 0;
};

namespace detail {

/// Says to who passes something else what is expected.
template <class Model, class Method>
struct SamplerArguments {
  static_assert(Denoiser<Model>,
                "sample: the first argument is a denoiser, with denoise and prior; scorefield/model/concept.hpp says "
                "what is missing, model/score_model.hpp shows one");
  static_assert(Sampler<Method, Model>,
                "sample: the second argument is a sampler, with a rule(sde), or a rule; scorefield/sampler/concept.hpp "
                "says what is missing, sampler/rule/ddim.hpp shows one");
};

}  // namespace detail

/// A stepper of a sampler, or of a rule: from `count` samples of the model's prior, or from samples (d x n) that stand
/// at its first time. Throws as the sampler does for hyper-parameters that cannot work, as the Stepper's constructors,
/// and NonFinite for given samples that are not finite.
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
