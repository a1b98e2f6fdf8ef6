/// Small models that the tests of files share: of few types, since each takes seconds to compile.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/tensors.hpp"
#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

namespace scorefield::test {

/// 3 x 50 samples of no unit's scale, each given 2 numbers.
template <Real Scalar>
Dataset<Scalar> data_with_conditions() {
  Matrix<Scalar> x(3, 50), c(2, 50);
  const Random random(Seed{3}, "data of these tests");
  random.normal(view(x), 0, 0);
  random.normal(view(c), 0, 1);
  return {(x.array() * 4 + 100).matrix(), (c.array() * 7 - 20).matrix()};
}

/// What a prediction might have learnt of such data in its units. No fit, for Eigen's eigenvalues take seconds to
/// compile.
template <Real Scalar>
LinearDenoiserCorrection<Scalar> some_correction(Covariance covariance = Covariance::diagonal) {
  const Vector<Scalar> mean{{Scalar(0.1), Scalar(-0.2), Scalar(0.05)}},
      deviation{{Scalar(0.9), Scalar(1.2), Scalar(0.6)}};
  if (covariance == Covariance::diagonal) return {mean, deviation};
  const Matrix<Scalar> thirds{{2, -1, 2}, {2, 2, -1}, {-1, 2, 2}};
  return {mean, deviation, thirds / 3};
}

/// All parameters are random, for some networks start as 0, of which every copy is right.
template <class Model>
Model randomised(Model model) {
  Matrix<typename Model::Scalar> p(model.parameters().size(), 1);
  Random(Seed{9}, "parameters of these tests").normal(view(p), 0, 0);
  model.set_parameters(p.col(0) / 4);
  model.set_trained_on(0x0123456789abcdef);
  return model;
}

template <Real Scalar>
using TypedModel =
    ScoreModel<VariancePreserving<Scalar>, ResidualMlp<Scalar>, LinearDenoiserCorrection<Scalar>, Units<Scalar>>;

/// With all that a model may have: a condition, a prediction that knows the data, and units.
template <Real Scalar>
TypedModel<Scalar> typed_model() {
  return randomised(TypedModel<Scalar>(
      VariancePreserving<Scalar>(LinearSchedule<Scalar>(Scalar(0.1), Scalar(15))),
      ResidualMlp<Scalar>(3, {.width = 16, .blocks = 2, .embedding = 8, .condition = 2}),
      some_correction<Scalar>(Covariance::full), Units<Scalar>::fit(data_with_conditions<Scalar>()), Seed{0}));
}

/// A file of tensors as change(name, tensor) wants them, without those for which it gives none.
inline void change_tensors(const std::filesystem::path& path,
                           const std::function<std::optional<Tensor>(const std::string&, Tensor)>& change) {
  const auto before = read_safetensors(path);
  Tensors after;
  after.metadata = before.metadata;
  for (const auto& [name, tensor] : before.all())
    if (auto changed = change(name, tensor)) after.add(name, std::move(*changed));
  write_safetensors(path, after);
}

}  // namespace scorefield::test
