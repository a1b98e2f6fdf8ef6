/// Training runs among the tensors of a file, to be resumed.
#pragma once

#include <cstdint>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/io/model_file.hpp"
#include "scorefield/io/tensors.hpp"
#include "scorefield/optimizer/training_state.hpp"

namespace scorefield {

/// Adds the number of steps as "step", and the vectors as pieces under "parameters.", "average.", "optimizer.0.", ...
/// The layout is the network's. Throws as add_parameters does.
template <Real Scalar>
void add_training_state(Tensors& tensors, const ParameterLayout& layout, const TrainingState<Scalar>& state) {
  tensors.add("step", {}, Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Constant(1, state.step));
  add_parameters(tensors, "parameters.", layout, state.parameters);
  add_parameters(tensors, "average.", layout, state.average);
  for (std::size_t i = 0; i < state.optimizer.size(); ++i)
    add_parameters(tensors, text("optimizer.", i, '.'), layout, state.optimizer[i]);
}

/// What add_training_state added. Throws InvalidArgument, which names the piece, when something is missing or belongs
/// to another network or scalar.
template <Real Scalar>
TrainingState<Scalar> read_training_state(const Tensors& tensors, const ParameterLayout& layout) {
  TrainingState<Scalar> state{static_cast<Index>(tensors.get<std::int64_t>("step", {})(0)),
                              read_parameters<Scalar>(tensors, "parameters.", layout),
                              read_parameters<Scalar>(tensors, "average.", layout),
                              {}};
  const auto any = [&](const std::string& prefix) {
    const auto found = tensors.all().lower_bound(prefix);
    return found != tensors.all().end() && found->first.starts_with(prefix);
  };
  for (Index i = 0; any(text("optimizer.", i, '.')); ++i)
    state.optimizer.push_back(read_parameters<Scalar>(tensors, text("optimizer.", i, '.'), layout));
  return state;
}

}  // namespace scorefield
