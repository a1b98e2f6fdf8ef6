/// Samples, conditions and data in the units of a model that has them, and back.
#pragma once

#include <string>
#include <type_traits>

#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/sde/condition.hpp"

namespace scorefield {

/// What a model has in place of Units where data come in its own.
struct NoUnits {};

namespace detail {

/// Units: maps of data and conditions to those of a model, and back.
template <class U, class Scalar>
concept UnitsOfData = requires(const U& units, const Dataset<Scalar>& data) {
  units.to_model(data);
  units.to_data(data.samples());
  units.conditions_to_model(data.conditions());
};

/// A model whose users pass and get units that are not those it computes in.
template <class Model>
concept HasUnits = requires(const Model& model) {
  requires UnitsOfData < std::remove_cvref_t<decltype(model.units())>,
  typename Model::Scalar > ;
};

/// What a network is told of a user's condition for n samples. Throws as told_conditions and the units do.
template <class Model>
Matrix<typename Model::Scalar> told(const std::string& operation, const Model& model, Condition condition, Index n) {
  const Index k = condition_size(model);
  if constexpr (HasUnits<Model>)
    if (k > 0 && condition.values.rows() == k) {
      using Scalar = typename Model::Scalar;
      const Matrix<Scalar> as_data = condition.values.template cast<Scalar>();
      condition.values = model.units().conditions_to_model(as_data).template cast<double>();
    }
  return told_conditions<typename Model::Scalar>(operation, condition, k, n);
}

}  // namespace detail

}  // namespace scorefield
