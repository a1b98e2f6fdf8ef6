/// The checkerboard toy distribution: a density with sharp edges, and eight modes that touch at corners.
#pragma once

#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/checks.hpp"

namespace scorefield {

struct CheckerboardOptions {
  Seed seed = 0;
};

/// 2 x `points`, uniform on the eight cells of [-4, 4]^2 (cells of side 2, the one at (-4, -4) among them) that form a
/// checkerboard; scale and cells as in Grathwohl et al., "FFJORD", ICLR 2019. Column j depends on the seed and j alone.
/// Throws InvalidArgument for a negative number of points.
template <Real Scalar>
Matrix<Scalar> checkerboard(Index points, const CheckerboardOptions& options = {}) {
  detail::check_points("checkerboard", 2, points);
  const Random random(options.seed, "checkerboard");
  Matrix<Scalar> board(2, points);
  random.uniform(view(board), 0, 0);
  for (Index j = 0; j < points; ++j) {
    const Index cell = random.below(8, j, 1);
    const Index column = cell / 2, row = 2 * (cell % 2) + column % 2;
    board(0, j) = multiply_add(Scalar(2), static_cast<Scalar>(column) + board(0, j), Scalar(-4));
    board(1, j) = multiply_add(Scalar(2), static_cast<Scalar>(row) + board(1, j), Scalar(-4));
  }
  return board;
}

}  // namespace scorefield
