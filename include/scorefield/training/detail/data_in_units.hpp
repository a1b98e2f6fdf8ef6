/// Data that are brought to a model's units as they are fetched.
#pragma once

#include <cstdint>
#include <span>

#include "scorefield/core/types.hpp"
#include "scorefield/data/training_data.hpp"

namespace scorefield::detail {

/// What a batch has of data that are not in memory, with the bits of data that were brought to these units before.
/// Refers to both. Fetching throws as the data and the units do.
template <Real Scalar, class Units>
class DataInUnits : public TrainingData<Scalar> {
 public:
  DataInUnits(const TrainingData<Scalar>& data, const Units& units) : data_(data), units_(units) {}

  Index dimension() const override { return data_.dimension(); }
  Index size() const override { return data_.size(); }
  Index condition_size() const override { return data_.condition_size(); }
  std::uint64_t fingerprint() const override { return data_.fingerprint(); }

  void fetch_samples(std::span<const Index> of, MatrixView<Scalar> out) const override {
    data_.fetch_samples(of, out);
    units_.samples_to_model_in_place(of, out);
  }
  void fetch_conditions(std::span<const Index> of, MatrixView<Scalar> out) const override {
    data_.fetch_conditions(of, out);
    units_.conditions_to_model_in_place(of, out);
  }

 private:
  const TrainingData<Scalar>& data_;
  const Units& units_;
};

}  // namespace scorefield::detail
