/// An optimizer with its state, whose work of a step is cut into pieces that threads take in any order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"

namespace scorefield::detail {

/// Consecutive parameters, which are updated together; where `matrix`, they are a whole weight.
struct OptimizerPiece {
  Index first, rows, columns;
  bool matrix;

  Index size() const { return rows * columns; }
};

/// Cuts parameters [first, first + count) into pieces.
inline void add_pieces(std::vector<OptimizerPiece>& pieces, Index first, Index count) {
  const Chunks chunks{count, parameter_piece_size};
  for (Index i = 0; i < chunks.pieces(); ++i) pieces.push_back({first + chunks.first(i), chunks.length(i), 1, false});
}

/// What an optimizer needs to move a matrix.
template <class Method, Real Scalar>
struct OptimizerWorkspace {
  struct Type {};
};
template <MatrixOptimizer Method, Real Scalar>
struct OptimizerWorkspace<Method, Scalar> {
  using Type = typename Method::template Workspace<Scalar>;
};

/// An optimizer with its state. Each piece may be updated by itself, in any order.
template <Optimizer Method, Real Scalar>
class PiecewiseOptimizer {
 public:
  using State = std::array<Vector<Scalar>, Method::state_vectors>;

  /// Cuts up all parameters of the model; `threads` is the number of those that call update at once. Throws
  /// InvalidArgument where a MatrixOptimizer moves a model whose network's layout is not of all its parameters.
  template <class Model>
  PiecewiseOptimizer(Method method, const Model& model, int threads) : method_(std::move(method)) {
    method_.validate();
    for (auto& vector : state) vector = Vector<Scalar>::Zero(model.parameters().size());
    if constexpr (MatrixOptimizer<Method>) {
      static_assert(
          requires { model.network().layout(); },
          "an optimizer that moves matrices needs a model whose network() tells the layout() of its parameters");
      const auto layout = model.network().layout();
      if (layout.size() != model.parameters().size())
        throw InvalidArgument(
            "TrainingRun", text("a network().layout() of all the model's ", model.parameters().size(), " parameters"),
            text("one of ", layout.size()),
            "let parameters() be the network's alone, or train by Adam, which asks for no layout");
      for (const auto& weight : layout.pieces())
        if (method_.moves_matrix(weight))
          pieces_.push_back({weight.offset, weight.rows, weight.cols, true});
        else
          add_pieces(pieces_, weight.offset, weight.size());
      // The longest come first, so that none is left over for one thread alone at the end.
      std::stable_sort(pieces_.begin(), pieces_.end(),
                       [](const auto& a, const auto& b) { return a.size() > b.size(); });
      const auto most = std::min(static_cast<std::size_t>(threads), pieces_.size());
      for (std::size_t i = 0; i < most; ++i) workspaces_.push_back(method_.template workspace<Scalar>(layout));
    } else {
      add_pieces(pieces_, 0, model.parameters().size());
    }
  }

  /// Shares the parameters out among ranks, by the work that they make, and keeps the pieces of one of them, once.
  /// Returns the borders of the shares, which are borders of pieces: ranks + 1 rising numbers.
  std::vector<Index> share_out(int ranks, int rank) {
    // What each parameter makes is about what 16 multiplications take: its slots come from other ranks and are added.
    const auto work = [](const OptimizerPiece& piece) {
      return std::int64_t{piece.size()} * (16 + (piece.matrix ? std::min(piece.rows, piece.columns) : 0));
    };
    auto in_order = pieces_;
    std::ranges::sort(in_order, {}, &OptimizerPiece::first);
    std::int64_t all = 0, done = 0;
    Index parameters = 0;
    for (const auto& piece : in_order) all += work(piece), parameters += piece.size();
    std::vector<Index> borders{0};
    for (const auto& piece : in_order) {
      // The share that its middle is in.
      const std::int64_t middle = 2 * done + work(piece);
      while (std::ssize(borders) < ranks && 2 * all * std::ssize(borders) <= middle * ranks)
        borders.push_back(piece.first);
      done += work(piece);
    }
    borders.resize(static_cast<std::size_t>(ranks) + 1, parameters);
    const Index first = borders[static_cast<std::size_t>(rank)], end = borders[static_cast<std::size_t>(rank) + 1];
    std::erase_if(pieces_, [&](const auto& piece) { return piece.first < first || piece.first >= end; });
    return borders;
  }

  const Method& method() const { return method_; }
  const std::vector<OptimizerPiece>& pieces() const { return pieces_; }

  /// Moves the parameters p of a piece by their gradient g.
  void update(const OptimizerPiece& piece, VectorView<Scalar> p, ConstVectorView<Scalar> g, double rate, Index step,
              [[maybe_unused]] int worker) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      if constexpr (MatrixOptimizer<Method>)
        if (piece.matrix)
          return method_.update_matrix(
              MatrixView<Scalar>(p.data(), piece.rows, piece.columns),
              ConstMatrixView<Scalar>(g.data(), piece.rows, piece.columns),
              std::array{MatrixView<Scalar>(state[I].data() + piece.first, piece.rows, piece.columns)...}, rate, step,
              workspaces_[static_cast<std::size_t>(worker)]);
      method_.update(
          p, g, std::array<VectorView<Scalar>, sizeof...(I)>{segment(view(state[I]), piece.first, piece.size())...},
          rate, step);
    }
    (std::make_index_sequence<Method::state_vectors>{});
  }

  State state;

 private:
  Method method_;
  std::vector<OptimizerPiece> pieces_;
  std::vector<typename OptimizerWorkspace<Method, Scalar>::Type> workspaces_;  // for each thread that finds a piece
};

}  // namespace scorefield::detail
