/// The models that the tests of densities share: of one type for each scalar, since each takes seconds to compile.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/model/prediction/any_prediction.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/any_network.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/any_sde.hpp"

namespace scorefield::test {

/// In double it is AnyModel, whose parts are known at run time.
template <Real Scalar>
using SomeModel =
    std::conditional_t<std::same_as<Scalar, double>,
                       ScoreModel<AnySde<double>, AnyNetwork<double>, AnyPrediction<double>, Units<double>>,
                       ScoreModel<AnySde<float>, DynamicMlp<float>, VelocityPrediction, Units<float>>>;

/// A network of random weights, which makes some density of its own.
template <Real Scalar>
SomeModel<Scalar> some_model(AnySde<Scalar> sde, Index d, Index condition = 0, Units<Scalar> units = {}) {
  return {std::move(sde), DynamicMlp<Scalar>(d, {16, 16}, {.condition = condition}), VelocityPrediction{},
          std::move(units), Seed{3}};
}

}  // namespace scorefield::test
