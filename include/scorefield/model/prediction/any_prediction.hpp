/// AnyPrediction: one of the library's predictions, chosen at run time, for models that are read from files.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/model/prediction/data_prediction.hpp"
#include "scorefield/model/prediction/edm_preconditioning.hpp"
#include "scorefield/model/prediction/flow_velocity_prediction.hpp"
#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/model/prediction/noise_prediction.hpp"
#include "scorefield/model/prediction/score_prediction.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// Holds a prediction, and is a Prediction itself. Each call chooses among the types that it may hold.
template <Real S>
class AnyPrediction {
  using Held = std::variant<ScorePrediction, NoisePrediction, DataPrediction, VelocityPrediction,
                            FlowVelocityPrediction, EdmPreconditioning, LinearDenoiserCorrection<S>>;

 public:
  using Scalar = S;

  // Not itself first, or the question whether it can be copied would lead back here. In one copy, since g++ 12 looks
  // into inlined ones and warns that members of types that are not held are read.
  template <class P>
  requires(!std::same_as<P, AnyPrediction>) && std::constructible_from<Held, P> SCOREFIELD_ONE_COPY
      AnyPrediction(P prediction)
      : held_(std::move(prediction)) {}

  std::string settings() const {
    return std::visit([](const auto& of) { return of.settings(); }, held_);
  }
  bool needs_signal() const {
    return std::visit([]<class P>(const P&) { return scorefield::needs_signal<P>(); }, held_);
  }

  /// Of what it learnt of the data; without pieces where it learns nothing.
  ParameterLayout layout() const {
    const auto* correction = std::get_if<LinearDenoiserCorrection<S>>(&held_);
    return correction ? correction->layout() : ParameterLayout{};
  }
  Vector<S> constants() const {
    const auto* correction = std::get_if<LinearDenoiserCorrection<S>>(&held_);
    return correction ? correction->constants() : Vector<S>(0);
  }
  void set_constants(const Vector<S>& constants) {
    if (auto* correction = std::get_if<LinearDenoiserCorrection<S>>(&held_)) correction->set_constants(constants);
  }

  void validate(Index d) const {
    std::visit([&](const auto& of) { of.validate(d); }, held_);
  }
  template <Network Net>
  auto workspace(const Net& network) const {
    return workspace_among(&held_, network);
  }
  template <class W>
  void prior(S alpha, S sigma, MatrixView<S> z, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.prior(alpha, sigma, z, own); });
  }
  template <class W>
  NoisyBatch<S> input(const NoisyBatch<S>& batch, W& w) const {
    return call(w, [&](const auto& of, auto& own) { return of.input(batch, own); });
  }
  template <class W>
  void denoised(const NoisyBatch<S>& batch, MatrixView<S> out, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.denoised(batch, out, own); });
  }
  template <class W>
  void score(const NoisyBatch<S>& batch, MatrixView<S> out, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.score(batch, out, own); });
  }
  template <class W>
  void denoised_backward(const NoisyBatch<S>& batch, MatrixView<S> d, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.denoised_backward(batch, d, own); });
  }
  template <class W>
  void input_backward(const NoisyBatch<S>& batch, ConstMatrixView<S> d, MatrixView<S> dx, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.input_backward(batch, d, dx, own); });
  }
  template <class W>
  void error(const DenoisingTask<S>& task, ConstMatrixView<S> f, MatrixView<S> error, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.error(task, f, error, own); });
  }
  template <class W>
  void error_backward(const DenoisingTask<S>& task, ConstVectorView<S> scale, MatrixView<S> error, W& w) const {
    call(w, [&](const auto& of, auto& own) { of.error_backward(task, scale, error, own); });
  }

 private:
  template <class P, class... Ps>
  static constexpr std::size_t index_of(const std::variant<Ps...>*) {
    std::size_t index = 0;
    (void)(... || (std::same_as<P, Ps> || (++index, false)));
    return index;
  }

  /// The one of these predictions that is held has its workspace at the same place in a variant of theirs.
  template <class... Ps, class Net>
  static auto workspace_among(const std::variant<Ps...>* held, const Net& network) {
    using Workspace = std::variant<decltype(std::declval<const Ps&>().workspace(network))...>;
    return std::visit(
        [&]<class P>(const P& of) {
          return Workspace(std::in_place_index<index_of<P>(static_cast<Held*>(nullptr))>, of.workspace(network));
        },
        *held);
  }

  /// f(the prediction, its workspace).
  template <class W, class F>
  decltype(auto) call(W& w, const F& f) const {
    return std::visit(
        [&]<class P>(const P& of) -> decltype(auto) {
          return f(of, std::get<index_of<P>(static_cast<Held*>(nullptr))>(w));
        },
        held_);
  }

  Held held_;
};

}  // namespace scorefield
