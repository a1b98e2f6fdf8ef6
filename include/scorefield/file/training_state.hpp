/// Training runs among the tensors of a file, to be resumed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/model_file.hpp"
#include "scorefield/file/tensors.hpp"
#include "scorefield/training/progress.hpp"
#include "scorefield/training/training_state.hpp"

namespace scorefield {

namespace detail {

inline constexpr const char* settings_prefix = "settings.";
inline constexpr const char* callback_prefix = "callback.";

inline std::map<std::string, std::string> settings_of(const Tensors& tensors) {
  const std::string prefix = settings_prefix;
  std::map<std::string, std::string> settings;
  for (auto found = tensors.metadata.lower_bound(prefix);
       found != tensors.metadata.end() && found->first.starts_with(prefix); ++found)
    settings.emplace(found->first.substr(prefix.size()), found->second);
  return settings;
}

}  // namespace detail

/// Adds the numbers of steps as "step" and "steps", and the vectors as pieces under "parameters.", "optimizer.0.", ...
/// and, where there is one, "average.", in double; to the metadata it adds the settings under "settings.". The layout
/// is the network's. Throws as add_parameters does.
template <Real Scalar>
void add_training_state(Tensors& tensors, const ParameterLayout& layout, const TrainingState<Scalar>& state) {
  tensors.add("step", {}, Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Constant(1, state.step));
  tensors.add("steps", {}, Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Constant(1, state.steps));
  add_parameters(tensors, "parameters.", layout, state.parameters);
  if (state.average.size() > 0) add_parameters(tensors, "average.", layout, state.average);
  for (std::size_t i = 0; i < state.optimizer.size(); ++i)
    add_parameters(tensors, text("optimizer.", i, '.'), layout, state.optimizer[i]);
  for (const auto& [name, value] : state.settings) tensors.metadata[detail::settings_prefix + name] = value;
}

/// What add_training_state added. Throws InvalidArgument, which names the piece, when something is missing or belongs
/// to another network or scalar.
template <Real Scalar>
TrainingState<Scalar> read_training_state(const Tensors& tensors, const ParameterLayout& layout) {
  TrainingState<Scalar> state;
  state.step = static_cast<Index>(tensors.get<std::int64_t>("step", {})(0));
  state.steps = static_cast<Index>(tensors.get<std::int64_t>("steps", {})(0));
  state.parameters = read_parameters<Scalar>(tensors, "parameters.", layout);
  const auto any = [&](const std::string& prefix) {
    const auto found = tensors.all().lower_bound(prefix);
    return found != tensors.all().end() && found->first.starts_with(prefix);
  };
  if (any("average.")) state.average = read_parameters<double>(tensors, "average.", layout);
  for (Index i = 0; any(text("optimizer.", i, '.')); ++i)
    state.optimizer.push_back(read_parameters<Scalar>(tensors, text("optimizer.", i, '.'), layout));
  state.settings = detail::settings_of(tensors);
  return state;
}

/// Adds a callback's state as "callback." + name. Throws InvalidArgument when the name is taken.
void add_callback_state(Tensors& tensors, const std::string& name, const ResumableCallback auto& callback) {
  const Vector<double> state = callback.state();
  tensors.add(detail::callback_prefix + name, {state.size()}, state);
}

/// Resumes a callback with what add_callback_state added. Throws InvalidArgument, which names the tensor, when there is
/// none, and what the callback does.
void read_callback_state(const Tensors& tensors, const std::string& name, ResumableCallback auto& callback) {
  const std::string key = detail::callback_prefix + name;
  const auto found = tensors.all().find(key);
  callback.resume(tensors.get<double>(key, found == tensors.all().end() ? std::vector<Index>{} : found->second.shape));
}

}  // namespace scorefield
