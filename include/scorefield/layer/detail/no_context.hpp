/// What layers that look at no context are given in its place, and in place of the gradient by it.
#pragma once

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

template <Real Scalar>
ConstMatrixView<Scalar> no_context() {
  return {nullptr, 0, 0};
}

template <Real Scalar>
MatrixView<Scalar> no_context_gradient() {
  return {nullptr, 0, 0};
}

}  // namespace scorefield::detail
