/// load_any: a model of whatever parts of the library a file describes.
#pragma once

#include <filesystem>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/file/model.hpp"
#include "scorefield/layer/activation.hpp"
#include "scorefield/model/detail/assemble.hpp"
#include "scorefield/model/prediction/any_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/any_network.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/network/tutorial_unet.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

namespace scorefield {

/// A model whose parts are known at run time. It draws the bits that the one of known types does, as fast but for one
/// virtual call a chunk, and can be trained further.
template <Real Scalar>
using AnyModel = ScoreModel<AnySde<Scalar>, AnyNetwork<Scalar>, AnyPrediction<Scalar>, Units<Scalar>>;

namespace detail {

[[noreturn]] inline void fail_for_unknown(const char* what, const std::string& name) {
  throw InvalidArgument(what, "one of the library's", name, "load<Model> reads those of a program's own");
}

template <Real S>
struct PartBuilder<AnySde<S>> {
  static AnySde<S> build(const ReadSettings& settings) {
    const auto& name = settings.name();
    if (name == "VariancePreserving")
      return driven(settings, [&]<class Schedule>(const Schedule*) -> AnySde<S> {
        return VariancePreserving<S, Schedule>::from_settings(settings);
      });
    if (name == "SubVariancePreserving")
      return driven(settings, [&]<class Schedule>(const Schedule*) -> AnySde<S> {
        return SubVariancePreserving<S, Schedule>::from_settings(settings);
      });
    if (name == "VarianceExploding") return VarianceExploding<S>::from_settings(settings);
    if (name == "EdmEquation") return EdmEquation<S>::from_settings(settings);
    if (name == "RectifiedFlow") return RectifiedFlow<S>::from_settings(settings);
    fail_for_unknown("equation", name);
  }

 private:
  /// build(a pointer of the type of the equation's schedule).
  template <class Build>
  static AnySde<S> driven(const ReadSettings& equation, const Build& build) {
    const ReadSettings schedule(equation.get<std::string>("schedule"));
    if (schedule.name() != "ShiftedSchedule") return by_name(schedule.name(), build);
    return by_name(ReadSettings(schedule.get<std::string>("of")).name(),
                   [&]<class Of>(const Of*) { return build(static_cast<const ShiftedSchedule<Of>*>(nullptr)); });
  }
  template <class Build>
  static AnySde<S> by_name(const std::string& schedule, const Build& build) {
    if (schedule == "LinearSchedule") return build(static_cast<const LinearSchedule<S>*>(nullptr));
    if (schedule == "CosineSchedule") return build(static_cast<const CosineSchedule<S>*>(nullptr));
    if (schedule == "SigmoidSchedule") return build(static_cast<const SigmoidSchedule<S>*>(nullptr));
    fail_for_unknown("schedule", schedule);
  }
};

template <Real S>
struct PartBuilder<AnyNetwork<S>> {
  static AnyNetwork<S> build(const ReadSettings& settings) {
    if (settings.name() == "Mlp") return mlp<LogSigmoid, SiLU, ReLU, Softplus, Tanh, Identity>(settings);
    if (settings.name() == "ResidualMlp") return ResidualMlp<S>::from_settings(settings);
    if (settings.name() == "UNet") return UNet<S>::from_settings(settings);
    if (settings.name() == "TutorialUNet") return TutorialUNet<S>{};
    fail_for_unknown("network", settings.name());
  }

 private:
  template <Activation First, Activation... Rest>
  static AnyNetwork<S> mlp(const ReadSettings& settings) {
    const auto activation = settings.get<std::string>("activation");
    if (activation == First::name) return DynamicMlp<S, First>::from_settings(settings);
    if constexpr (sizeof...(Rest) > 0)
      return mlp<Rest...>(settings);
    else
      fail_for_unknown("activation", activation);
  }
};

template <Real S>
struct PartBuilder<AnyPrediction<S>> {
  static AnyPrediction<S> build(const ReadSettings& settings) {
    if (settings.name() == "ScorePrediction") return ScorePrediction{};
    if (settings.name() == "NoisePrediction") return NoisePrediction{};
    if (settings.name() == "DataPrediction") return DataPrediction{};
    if (settings.name() == "VelocityPrediction") return VelocityPrediction{};
    if (settings.name() == "FlowVelocityPrediction") return FlowVelocityPrediction{};
    if (settings.name() == "EdmPreconditioning") return EdmPreconditioning::from_settings(settings);
    if (settings.name() == "LinearDenoiserCorrection") return LinearDenoiserCorrection<S>::from_settings(settings);
    fail_for_unknown("prediction", settings.name());
  }
};

}  // namespace detail

/// The model in a file that save wrote, of whatever network, equation and prediction of the library: to be drawn from,
/// asked and trained like any other. Throws FileError where the file holds no model in that scalar, or parts that are
/// not the library's.
template <Real Scalar>
AnyModel<Scalar> load_any(const std::filesystem::path& path) {
  return detail::loaded(path, [](const Tensors& tensors) { return detail::model_of<AnyModel<Scalar>>(tensors); });
}

}  // namespace scorefield
