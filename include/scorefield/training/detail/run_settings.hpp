/// The settings of a training run that is kept and resumed, by name, and which of two runs agree.
#pragma once

#include <map>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

using RunSettings = std::map<std::string, std::string>;

/// What the data are, which may have changed when a step is looked at once more.
inline constexpr const char* data_setting = "data";

/// An average may be asked for that was not kept.
inline constexpr const char* average_setting = "average";

/// Adds what an objective, an optimizer or a schedule tells of its hyper-parameters, if it does.
template <class Policy>
void add_policy(RunSettings& settings, const char* name, const Policy& policy) {
  if constexpr (HasSettings<Policy>) settings[name] = policy.settings();
}

/// Adds what the parts of a model tell of themselves, and fingerprints of the numbers that they learnt of data.
template <class Model>
void add_model(RunSettings& settings, const Model& model) {
  const auto add_numbers = [&](const char* name, const auto& numbers) {
    Fingerprint of;
    of.add(numbers);
    auto& setting = settings[name];
    setting += text(setting.empty() ? "" : " ", "of fingerprint ", of.value());
  };
  if constexpr (requires { model.sde(); }) add_policy(settings, "equation", model.sde());
  if constexpr (requires { model.network(); }) add_policy(settings, "network", model.network());
  if constexpr (requires { model.prediction(); }) add_policy(settings, "prediction", model.prediction());
  if constexpr (requires { model.prediction().constants(); })
    if (const Vector<typename Model::Scalar> constants = model.prediction().constants(); constants.size() > 0)
      add_numbers("prediction", constants);
  if constexpr (requires { model.units().state(); })
    if (model.units().dimension() > 0) add_numbers("units", Vector<double>(model.units().state()));
}

[[noreturn]] inline void refuse_setting(const std::string& name, const std::string& kept, const std::string& here) {
  throw InvalidArgument("TrainingRun::resume", text(name, ' ', kept, ", as the state was kept with"), here,
                        "resume with the trainer, options and data of the run that was kept, or start a new one");
}

/// Throws InvalidArgument, which names the setting, where the settings that a state was kept with are not those here.
inline void check_settings(const RunSettings& kept, const RunSettings& here) {
  for (const auto& [name, value] : kept) {
    const auto found = here.find(name);
    if (found == here.end() || found->second != value)
      refuse_setting(name, value, found == here.end() ? "none" : found->second);
  }
  for (const auto& [name, value] : here)
    if (name != average_setting && !kept.contains(name)) refuse_setting(name, "none", value);
}

}  // namespace scorefield::detail
