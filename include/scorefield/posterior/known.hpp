/// Inpainting by replacement: samples of which some entries are known, exactly.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/posterior/detail/different_rows.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

namespace detail {

/// Entries of a sample that are known: their rows, and their values in the model's units and in those of the data.
template <Real Scalar>
struct KnownEntries {
  std::vector<Index> rows;
  Vector<Scalar> own, values;
};

/// The units of a model, by which the known numbers come back to the last bit.
template <class Units, Real Scalar>
class UnitsOfKnown {
 public:
  UnitsOfKnown(const Units& units, const KnownEntries<Scalar>& known) : units_(&units), known_(&known) {}

  auto to_model(const auto& data) const { return units_->to_model(data); }
  auto conditions_to_model(const auto& conditions) const { return units_->conditions_to_model(conditions); }
  Matrix<Scalar> to_data(const Matrix<Scalar>& samples) const {
    Matrix<Scalar> data = units_->to_data(samples);
    for (std::size_t k = 0; k < known_->rows.size(); ++k) {
      const Index i = known_->rows[k], at = static_cast<Index>(k);
      for (Index j = 0; j < data.cols(); ++j)
        if (samples(i, j) == known_->own(at)) data(i, j) = known_->values(at);
    }
    return data;
  }

 private:
  const Units* units_;
  const KnownEntries<Scalar>* known_;
};

}  // namespace detail

/// The model's D with the entries that are known put in their place. A sampler's moves then take these entries along
/// alpha y + sigma noise, with noise of its own, and a last denoising step leaves y in them to the last bit: that is
/// the replacement method, of any denoiser and in any units. EulerMaruyama, which ends with a score, leaves roundings
/// or noise. Around MomentMatching of the same entries, by a selection_operator, the others are drawn given them;
/// around a model itself they are so only as far as the known ones among x(t) tell, which leaves seams. Refers to the
/// model. Song et al. 2021, arXiv:2011.13456, appendix I.2; Lugmayr et al. 2022, arXiv:2201.09865, equation 8.
template <Denoiser Model>
class Known {
 public:
  using Scalar = typename Model::Scalar;
  using Workspace = typename Model::Workspace;

  /// Rows of a sample, and the number that each has, in the data's units. Throws InvalidArgument for other than
  /// different rows in [0, d), for values of another count, and as the model's units do; NonFinite for values that are
  /// not finite.
  Known(const Model& model, std::vector<Index> rows, Vector<Scalar> values)
      : model_(&model), known_{std::move(rows), values, values} {
    const Index d = dimension(), count = static_cast<Index>(known_.rows.size());
    if (values.size() != count)
      throw InvalidArgument("Known", text("a value for each of ", count, " rows"), text(values.size()),
                            "they are the same for all samples");
    if (!values.allFinite())
      throw NonFinite("Known", "finite values", "a NaN or an infinity", "leave out rows that are not known");
    detail::check_different("Known", "rows", known_.rows, d);
    Matrix<Scalar> sample = Matrix<Scalar>::Zero(d, 1);
    if constexpr (detail::HasUnits<Model>) sample = model.units().to_data(sample);
    for (Index k = 0; k < count; ++k) sample(row(k), 0) = values(k);
    if constexpr (detail::HasUnits<Model>) sample = model.units().to_model(sample);
    for (Index k = 0; k < count; ++k) known_.own(k) = sample(row(k), 0);
  }
  Known(const Model&&, std::vector<Index>, Vector<Scalar>) = delete;

  const auto& sde() const { return model_->sde(); }
  Index dimension() const { return model_->dimension(); }
  Index chunk_size() const { return model_->chunk_size(); }
  Index condition_size() const { return detail::condition_size(*model_); }
  auto units() const requires detail::HasUnits<Model> { return detail::UnitsOfKnown(model_->units(), known_); }

  Workspace workspace() const { return model_->workspace(); }

  void prior(MatrixView<Scalar> z, Workspace& w) const { model_->prior(z, w); }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    model_->denoise(batch, out, w);
    for (Index j = 0; j < out.cols(); ++j)
      for (Index k = 0; k < known_.own.size(); ++k) out(row(k), j) = known_.own(k);
  }

 private:
  Index row(Index k) const { return known_.rows[static_cast<std::size_t>(k)]; }

  const Model* model_;
  detail::KnownEntries<Scalar> known_;
};

}  // namespace scorefield
