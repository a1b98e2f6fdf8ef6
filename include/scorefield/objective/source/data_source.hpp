/// A data set as the source of noise: flow matching from one set of samples to another.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// Draws samples of a data set, each as likely, which are in the model's own units. Under RectifiedFlow, which leaves
/// no signal at t = 1, a deterministic sampler then carries such samples to data: start from them, and not from a
/// number of samples, which the model would draw from a normal distribution:
///   const auto units = Units<float>::fit(to);
///   const auto source = units.to_model(from);    // Datasets all three
///   objective:  DenoisingScoreMatching{StratifiedTime{}, FlowWeighting{}, OptimalTransportCoupling{},
///   DataSource{source}} drawn by:   start(model, ProbabilityFlow{.steps = 20}, from.samples(), seed)
/// The denoised sample of such a model tells where the flow goes, but not the score. Refers to the data. Tong et al.
/// 2023, arXiv:2302.00482, section 3.
template <Real Scalar>
class DataSource {
 public:
  explicit DataSource(const Dataset<Scalar>& data) : data_(&data) {}
  DataSource(const Dataset<Scalar>&&) = delete;

  void validate(Index d) const {
    if (data_->dimension() != d)
      throw InvalidArgument("DataSource", text("samples of ", d, " numbers, as the model's"), text(data_->dimension()),
                            "both sets of samples are columns of as many numbers");
  }
  std::string settings() const { return settings_text("DataSource", {{"data", data_->fingerprint()}}); }

  template <Real Noise>
  void draw(const Draw& of, MatrixView<Noise> noise) const {
    const Random random(of.seed, "source");
    for (Index j = 0; j < noise.cols(); ++j)
      noise.col(j) =
          data_->samples().col(random.below(data_->size(), of.first_sample + j, of.step)).template cast<Noise>();
  }

 private:
  const Dataset<Scalar>* data_;
};

}  // namespace scorefield
