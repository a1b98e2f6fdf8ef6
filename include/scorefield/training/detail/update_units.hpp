/// The optimizer's work of a step, cut into units that threads take in any order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/concept.hpp"

namespace scorefield::detail {

/// Consecutive parameters; where `matrix`, a whole weight.
struct UpdateUnit {
  Index first, rows, columns;
  bool matrix;

  Index size() const { return rows * columns; }
};

/// Parameters which, with their gradients and state, stay in the second cache.
inline constexpr Index update_unit_size = 4096;

inline void add_update_units(std::vector<UpdateUnit>& units, Index first, Index count) {
  const Chunks chunks{count, update_unit_size};
  for (Index i = 0; i < chunks.pieces(); ++i) units.push_back({first + chunks.first(i), chunks.length(i), 1, false});
}

template <class Method, Real Scalar>
struct UpdateWorkspace {
  struct Type {};
};
template <MatrixOptimizer Method, Real Scalar>
struct UpdateWorkspace<Method, Scalar> {
  using Type = typename Method::template Workspace<Scalar>;
};

/// An optimizer with its state.
template <Optimizer Method, Real Scalar>
class UpdateUnits {
 public:
  using State = std::array<Vector<Scalar>, Method::state_vectors>;

  /// For all parameters of the model; `threads` is the number of those that call update at once. Throws InvalidArgument
  /// where a MatrixOptimizer moves a model whose network's layout is not of all its parameters.
  template <class Model>
  UpdateUnits(Method method, const Model& model, int threads) : method_(std::move(method)) {
    method_.validate();
    for (auto& vector : state) vector = Vector<Scalar>::Zero(model.parameters().size());
    if constexpr (MatrixOptimizer<Method>) {
      static_assert(
          requires { model.network().layout(); },
          "an optimizer that moves matrices needs a model whose network() tells the layout() of its parameters");
      const auto layout = model.network().layout();
      if (layout.size() != model.parameters().size())
        throw InvalidArgument(
            "Trainer", text("a network().layout() of all the model's ", model.parameters().size(), " parameters"),
            text("one of ", layout.size()),
            "let parameters() be the network's alone, or train by Adam, which asks for no layout");
      for (const auto& piece : layout.pieces())
        if (method_.moves_matrix(piece))
          units_.push_back({piece.offset, piece.rows, piece.cols, true});
        else
          add_update_units(units_, piece.offset, piece.size());
      // The longest first, so that none is left over for one thread alone at the end.
      std::stable_sort(units_.begin(), units_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
      const auto most = std::min(static_cast<std::size_t>(threads), units_.size());
      for (std::size_t i = 0; i < most; ++i) workspaces_.push_back(method_.template workspace<Scalar>(layout));
    } else {
      add_update_units(units_, 0, model.parameters().size());
    }
  }

  const Method& method() const { return method_; }
  const std::vector<UpdateUnit>& units() const { return units_; }

  /// Moves the parameters p of a unit by their gradient g.
  void update(const UpdateUnit& unit, VectorView<Scalar> p, ConstVectorView<Scalar> g, double rate, Index step,
              [[maybe_unused]] int worker) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      if constexpr (MatrixOptimizer<Method>)
        if (unit.matrix)
          return method_.update_matrix(
              MatrixView<Scalar>(p.data(), unit.rows, unit.columns),
              ConstMatrixView<Scalar>(g.data(), unit.rows, unit.columns),
              std::array{MatrixView<Scalar>(state[I].data() + unit.first, unit.rows, unit.columns)...}, rate, step,
              workspaces_[static_cast<std::size_t>(worker)]);
      method_.update(p, g,
                     std::array<VectorView<Scalar>, sizeof...(I)>{segment(view(state[I]), unit.first, unit.size())...},
                     rate, step);
    }
    (std::make_index_sequence<Method::state_vectors>{});
  }

  State state;

 private:
  Method method_;
  std::vector<UpdateUnit> units_;
  std::vector<typename UpdateWorkspace<Method, Scalar>::Type> workspaces_;  // for each thread that finds a unit
};

}  // namespace scorefield::detail
