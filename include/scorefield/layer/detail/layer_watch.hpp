/// A watch for the first layer whose output is not finite, for who explains why a loss is not.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// While one exists, the chains of layers that its thread evaluates tell it their layers' outputs, one after the other.
class LayerWatch {
 public:
  LayerWatch() : outer_(std::exchange(active(), this)) {}
  LayerWatch(const LayerWatch&) = delete;
  LayerWatch& operator=(const LayerWatch&) = delete;
  ~LayerWatch() { active() = outer_; }

  /// The thread's own; null where there is none.
  static LayerWatch*& active() {
    static thread_local LayerWatch* watch = nullptr;
    return watch;
  }

  /// y: a layer's output; parameters: where that layer's begin, and how many they are.
  template <Real Scalar>
  void look(const Scalar* parameters, Index count, MatrixView<Scalar> y) {
    for (Index i = 0; !parameters_ && i < y.size(); ++i)
      if (!std::isfinite(y.data()[i])) {
        parameters_ = parameters;
        count_ = count;
        value_ = static_cast<double>(y.data()[i]);
      }
  }

  /// Where the parameters of the first layer with such an output begin; null if there was none.
  const void* parameters() const { return parameters_; }
  Index count() const { return count_; }
  double value() const { return value_; }

 private:
  LayerWatch* outer_;  // the one before, if there was one
  const void* parameters_ = nullptr;
  Index count_ = 0;
  double value_ = 0;
};

}  // namespace scorefield::detail
