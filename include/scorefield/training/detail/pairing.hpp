/// Which data of a batch go with which noise, where an objective decides on it.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield::detail {

/// Brings the samples of a batch into the order in which the objective wants them. Where it is no PairingObjective,
/// that is the order in which they come.
template <class Loss, class Model>
class Pairing {
 public:
  Pairing(const Loss&, const Model&, Index) {}

  template <class Data>
  std::span<const Index> pair(const Loss&, const Model&, const Data&, std::span<const Index> indices, const Draw&) {
    return indices;
  }
  /// The order of the batch that was paired last.
  std::span<const Index> last(std::span<const Index> indices) const { return indices; }
};

/// The same for a PairingObjective, which chooses the order.
template <class Loss, class Model>
requires PairingObjective<Loss, Model>
class Pairing<Loss, Model> {
 public:
  using Scalar = typename Model::Scalar;

  /// For batches of at most `batch_size` samples.
  Pairing(const Loss& loss, const Model& model, Index batch_size)
      : x0_(model.dimension(), batch_size),
        order_(static_cast<std::size_t>(batch_size)),
        paired_(order_.size()),
        workspace_(loss.pairing(model, batch_size)) {}

  std::span<const Index> pair(const Loss& loss, const Model& model, const TrainingData<Scalar>& data,
                              std::span<const Index> indices, const Draw& draw) {
    const auto n = static_cast<Index>(indices.size());
    data.fetch_samples(indices, columns(x0_, 0, n));
    loss.pair(model, columns(std::as_const(x0_), 0, n), draw, std::span(order_).first(indices.size()), workspace_);
    for (std::size_t j = 0; j < indices.size(); ++j) paired_[j] = indices[static_cast<std::size_t>(order_[j])];
    return last(indices);
  }
  std::span<const Index> last(std::span<const Index> indices) const { return std::span(paired_).first(indices.size()); }

 private:
  Matrix<Scalar> x0_;                  // d x batch_size
  std::vector<Index> order_, paired_;  // batch_size
  decltype(std::declval<const Loss&>().pairing(std::declval<const Model&>(), Index{})) workspace_;
};

}  // namespace scorefield::detail
