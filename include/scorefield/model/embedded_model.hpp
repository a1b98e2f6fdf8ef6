/// Models as constants of a program, which need no file system: what embed() writes, and load() of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/detail/assemble.hpp"

namespace scorefield {

/// A model's parts as text and numbers.
template <Real Scalar>
struct EmbeddedModel {
  std::string_view equation, network, prediction;  // their settings
  std::span<const Scalar> parameters, constants;   // of the network, and of the prediction
  std::span<const double> units;                   // their state
  std::span<const Scalar> x, condition, denoised;  // of the self-test
};

/// The model that was embedded, of the same type, as decltype(model) is. Throws InvalidArgument, which says what
/// differs, where it is of another one or gives other outputs than when it was embedded.
template <class Model>
Model load(const EmbeddedModel<typename Model::Scalar>& embedded) {
  using Scalar = typename Model::Scalar;
  const auto numbers = [](const char* of, std::span<const Scalar> span) {
    return [of, span](const ParameterLayout& layout) -> Vector<Scalar> {
      if (static_cast<Index>(span.size()) != layout.size())
        throw InvalidArgument(of, text(layout.size(), " numbers, as the settings say"), text(span.size()),
                              "embed the model again");
      return Eigen::Map<const Vector<Scalar>>(span.data(), layout.size());
    };
  };
  auto model = detail::assembled<Model>(
      {std::string(embedded.equation), std::string(embedded.network), std::string(embedded.prediction)},
      Eigen::Map<const Vector<double>>(embedded.units.data(), static_cast<Index>(embedded.units.size())),
      numbers("parameters", embedded.parameters), numbers("constants", embedded.constants));
  const auto columns = [](std::span<const Scalar> span, Index rows) -> Matrix<Scalar> {
    return Eigen::Map<const Matrix<Scalar>>(span.data(), rows,
                                            rows > 0 ? static_cast<Index>(span.size()) / rows : Index{3});
  };
  detail::check_self_test(model,
                          {columns(embedded.x, model.dimension()), columns(embedded.condition, model.condition_size()),
                           columns(embedded.denoised, model.dimension())});
  return model;
}

}  // namespace scorefield
