/// Models taken apart into text and numbers, to be kept, and put together again.
#pragma once

#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/sde/condition.hpp"

namespace scorefield::detail {

/// What a model consists of, as the settings of each part.
struct ModelText {
  std::string equation, network, prediction;
};

template <class Model>
ModelText text_of(const Model& model) {
  static_assert(
      HasSettings<std::remove_cvref_t<decltype(model.sde())>>,
      "a model that is kept has an equation that tells its settings(): scorefield/core/settings.hpp says what "
      "they are, sde/variance_preserving.hpp shows them");
  static_assert(HasSettings<std::remove_cvref_t<decltype(model.network())>>,
                "a model that is kept has a network that tells its settings(): scorefield/core/settings.hpp says what "
                "they are, network/residual_mlp.hpp shows them");
  static_assert(HasSettings<std::remove_cvref_t<decltype(model.prediction())>>,
                "a model that is kept has a prediction that tells its settings(): scorefield/core/settings.hpp says "
                "what they are, model/prediction/velocity_prediction.hpp shows them");
  return {model.sde().settings(), model.network().settings(), model.prediction().settings()};
}

/// Builds a part from its settings.
template <class Part>
struct PartBuilder {
  static Part build(const ReadSettings& settings) {
    if constexpr (requires { Part::from_settings(settings); }) {
      return Part::from_settings(settings);
    } else {
      static_assert(std::default_initializable<Part>,
                    "a part that is kept is built by static from_settings(const ReadSettings&), or has no options; "
                    "scorefield/network/residual_mlp.hpp shows one");
      return Part{};
    }
  }
};

/// A part as its settings say. Throws InvalidArgument where they are those of something else.
template <class Part>
Part rebuilt(std::string_view what, const std::string& settings) {
  Part part = PartBuilder<Part>::build(ReadSettings(settings));
  if (part.settings() != settings)
    throw InvalidArgument(what, part.settings(), settings, "load it into a model of the same type, or by load_any");
  return part;
}

template <class Model>
struct PartsOf {
  static_assert(!std::same_as<Model, Model>, "load<Model>: a Model that is a ScoreModel, as decltype(model) is");
};
template <class E, class N, class P, class U>
struct PartsOf<ScoreModel<E, N, P, U>> {
  using Equation = E;
  using Network = N;
  using Prediction = P;
  using DataUnits = U;
};

/// The state of a model's units, of no numbers where it has none.
template <class Model>
Vector<double> state_of_units(const Model& model) {
  if constexpr (HasUnits<Model>)
    if (model.units().dimension() > 0) return model.units().state();
  return Vector<double>(0);
}

/// Puts a model together from its text, the state of its units, and functions of a layout that give its parameters and
/// its prediction's constants. Throws InvalidArgument, which says what differs from the type Model.
template <class Model, class Parameters, class Constants>
Model assembled(const ModelText& text, const Vector<double>& units, const Parameters& parameters,
                const Constants& constants) {
  using Parts = PartsOf<Model>;
  using DataUnits = typename Parts::DataUnits;
  auto equation = rebuilt<typename Parts::Equation>("equation", text.equation);
  auto network = rebuilt<typename Parts::Network>("network", text.network);
  auto prediction = rebuilt<typename Parts::Prediction>("prediction", text.prediction);
  if constexpr (FittedPrediction<typename Parts::Prediction>) prediction.set_constants(constants(prediction.layout()));
  DataUnits of_data;
  if constexpr (UnitsOfData<DataUnits, typename Model::Scalar>) {
    if (units.size() > 0) of_data = DataUnits::from_state(units);
  } else if (units.size() > 0) {
    throw InvalidArgument("units", "none", "those of the data", "take the type of a model with Units");
  }
  const auto numbers = parameters(network.layout());
  return Model(std::move(equation), std::move(network), std::move(prediction), std::move(of_data), numbers);
}

/// A few inputs and what the model made of them: whoever puts it together sees whether it is the same.
template <Real Scalar>
struct SelfTest {
  Matrix<Scalar> x, condition;  // in the data's units; the last of the three conditions is not given
  Matrix<Scalar> denoised;

  static constexpr double time = 0.5;
};

template <class Model>
SelfTest<typename Model::Scalar> self_test_of(const Model& model) {
  using Scalar = typename Model::Scalar;
  constexpr Index n = 3;
  const Index d = model.dimension(), k = condition_size(model);
  SelfTest<Scalar> test{Matrix<Scalar>(d, n), Matrix<Scalar>(k, n), {}};
  Random(Seed{0}, "self-test").normal(view(test.x), 0, 0);
  if (k > 0) Random(Seed{0}, "self-test").normal(view(test.condition), n, 0);
  if constexpr (HasUnits<Model>) {
    test.x = model.units().to_data(test.x);
    test.condition = model.units().conditions_to_data(test.condition);
  }
  if (k > 0) test.condition.col(n - 1) = not_given<Scalar>(k);
  test.denoised = model.denoised(test.x, static_cast<Scalar>(test.time), test.condition);
  if (!test.x.allFinite() || !test.denoised.allFinite())
    throw NonFinite("self-test", "finite outputs of the model at usual inputs", "others",
                    "train it, or look at the loss that it was trained to");
  return test;
}

/// Throws InvalidArgument where the model makes something else of the inputs, beyond the rounding of another build.
template <class Model>
void check_self_test(const Model& model, const SelfTest<typename Model::Scalar>& test) {
  using Scalar = typename Model::Scalar;
  const Matrix<Scalar> now = model.denoised(test.x, static_cast<Scalar>(test.time), test.condition);
  // Deep networks amplify roundings, to some hundreds of them.
  const Scalar tolerance = 8192 * std::numeric_limits<Scalar>::epsilon();
  if (now.rows() == test.denoised.rows() && now.cols() == test.denoised.cols() && now.size() > 0) {
    // Roundings are of what is added up, not of a sum that is near 0.
    const Vector<Scalar> scale =
        test.denoised.cwiseAbs().rowwise().maxCoeff().cwiseMax(test.x.cwiseAbs().rowwise().maxCoeff());
    const Vector<Scalar> difference = (now - test.denoised).cwiseAbs().rowwise().maxCoeff();
    if ((difference.array() <= tolerance * scale.array()).all()) return;
  }
  throw InvalidArgument("self-test", "the outputs that the model gave when it was kept", "others",
                        "its numbers were changed, or a part of it computes something else now");
}

}  // namespace scorefield::detail
