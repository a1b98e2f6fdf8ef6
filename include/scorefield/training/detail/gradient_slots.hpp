/// Partial gradients of a batch, in a fixed number of slots: what the three parts of a training step hand on.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// As many parameters as stay in the second cache with their gradients and the optimizer's state. Sums over parameters
/// and the optimizer's work are cut into pieces of this size.
inline constexpr Index parameter_piece_size = 4096;

/// The batch's gradient is the sum of the slots in their order, so that its bits depend on their number alone.
template <Real Scalar>
struct GradientSlots {
  /// slots: of the batch, from 1 on; own: those of them that this process has, at least one. It has all of them where
  /// it is the only one.
  GradientSlots(Index slots, Index parameters, const std::optional<Range>& own = {})
      : all(slots),
        first(own ? own->first : 0),
        partial(static_cast<std::size_t>(own ? own->count : slots), Vector<Scalar>(parameters)),
        squares(static_cast<std::size_t>(Chunks{parameters, parameter_piece_size}.pieces())) {}

  /// Of this process.
  Index count() const { return static_cast<Index>(partial.size()); }
  Chunks pieces() const { return {partial.front().size(), parameter_piece_size}; }

  Index all;                            // slots of the batch
  Index first;                          // the number of this process's first one
  std::vector<Vector<Scalar>> partial;  // of as many numbers as there are parameters
  std::vector<double> squares;          // a place for the square of the norm of each piece
  bool cleared = false;                 // whether all partial gradients are zero
};

}  // namespace scorefield::detail
