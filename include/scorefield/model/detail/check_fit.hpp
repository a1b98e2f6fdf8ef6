/// The check that data are of the sizes that a model has.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sde/condition.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument unless samples and conditions are of the model's sizes.
template <Denoiser Model>
void check_fit(const std::string& operation, const TrainingData<typename Model::Scalar>& data, const Model& model) {
  if (data.dimension() != model.dimension())
    throw InvalidArgument(operation, text("samples of ", model.dimension(), " numbers, as the model has"),
                          text(data.dimension(), " x ", data.size(), " data"),
                          "a column is a sample: transpose data whose rows are samples");
  if (const Index k = condition_size(model); data.condition_size() != k)
    throw InvalidArgument(operation,
                          k == 0 ? std::string("data without conditions, for the model is given none")
                                 : text("conditions of ", k, " numbers, as the model is given"),
                          data.condition_size() == 0 ? std::string("none") : text(data.condition_size()),
                          "Dataset{samples, conditions} has them, and the network's option .condition their number");
}

}  // namespace scorefield::detail
