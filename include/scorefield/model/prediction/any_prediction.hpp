/// AnyPrediction: one of the library's predictions, chosen at run time, for models that are read from files.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/prediction/concept.hpp"
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
  using Correction = LinearDenoiserCorrection<S>;
  using Held = std::variant<ScorePrediction, NoisePrediction, VelocityPrediction, Correction>;
  template <class P>
  using WorkspaceOf = typename P::Workspace;

 public:
  using Scalar = S;
  using Workspace = std::variant<WorkspaceOf<ScorePrediction>, WorkspaceOf<NoisePrediction>,
                                 WorkspaceOf<VelocityPrediction>, WorkspaceOf<Correction>>;

  // Not itself first, or the question whether it can be copied would lead back here.
  template <class P>
  requires(!std::same_as<P, AnyPrediction>) && std::constructible_from<Held, P> AnyPrediction(P prediction)
      : held_(std::move(prediction)) {}

  std::string settings() const {
    return std::visit([](const auto& of) { return of.settings(); }, held_);
  }

  /// Of what it learnt of the data; without pieces where it learns nothing.
  ParameterLayout layout() const {
    const auto* correction = std::get_if<Correction>(&held_);
    return correction ? correction->layout() : ParameterLayout{};
  }
  Vector<S> constants() const {
    const auto* correction = std::get_if<Correction>(&held_);
    return correction ? correction->constants() : Vector<S>(0);
  }
  void set_constants(const Vector<S>& constants) {
    if (auto* correction = std::get_if<Correction>(&held_)) correction->set_constants(constants);
  }

  void validate(Index d) const {
    std::visit([&](const auto& of) { of.validate(d); }, held_);
  }
  template <Network Net>
  Workspace workspace(const Net& network) const {
    return std::visit(
        [&]<class P>(const P& of) { return Workspace(std::in_place_index<index_of<P>>, of.workspace(network)); },
        held_);
  }
  void prior(S alpha, S sigma, MatrixView<S> z, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.prior(alpha, sigma, z, own); });
  }
  ConstMatrixView<S> input(const NoisyBatch<S>& batch, Workspace& w) const {
    const S* data = nullptr;
    call(w, [&](const auto& of, auto& own) { data = of.input(batch, own).data(); });
    return {data, batch.x.rows(), batch.x.cols()};
  }
  void denoised(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.denoised(batch, out, own); });
  }
  void score(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.score(batch, out, own); });
  }
  void denoised_backward(const NoisyBatch<S>& batch, MatrixView<S> d, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.denoised_backward(batch, d, own); });
  }
  void input_backward(const NoisyBatch<S>& batch, ConstMatrixView<S> d, MatrixView<S> dx, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.input_backward(batch, d, dx, own); });
  }
  void error(const DenoisingTask<S>& task, ConstMatrixView<S> f, MatrixView<S> error, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.error(task, f, error, own); });
  }
  void error_backward(const DenoisingTask<S>& task, ConstVectorView<S> scale, MatrixView<S> error, Workspace& w) const {
    call(w, [&](const auto& of, auto& own) { of.error_backward(task, scale, error, own); });
  }

 private:
  template <class P>
  static constexpr std::size_t index_of = std::is_same_v<P, ScorePrediction>      ? 0
                                          : std::is_same_v<P, NoisePrediction>    ? 1
                                          : std::is_same_v<P, VelocityPrediction> ? 2
                                                                                  : 3;

  /// f(the prediction, its workspace).
  template <class F>
  void call(Workspace& w, const F& f) const {
    std::visit([&]<class P>(const P& of) { f(of, std::get<index_of<P>>(w)); }, held_);
  }

  Held held_;
};

}  // namespace scorefield
