/// ZeroInitialised: a layer whose parameters start at 0.
#pragma once

#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"

namespace scorefield {

/// The layer L with every parameter 0 at first: as the last one of a residual block, it lets the block start as the
/// identity. Zhang et al. 2019, arXiv:1901.09321, section 3.
template <Layer L>
class ZeroInitialised : public L {
 public:
  explicit ZeroInitialised(L layer) : L(std::move(layer)) {}

  void initialise(VectorView<typename L::Scalar> p, const Random&, Index) const { p.setZero(); }
};

}  // namespace scorefield
