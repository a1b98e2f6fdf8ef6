/// Couplings of data and noise: which noise a sample of a training batch goes with.
#pragma once

#include <concepts>
#include <span>
#include <string>

#include "scorefield/core/types.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// Hyper-parameters as a value:
///   validate()    throws InvalidArgument for those that cannot work
///   settings()    text that differs where hyper-parameters do, see core/settings.hpp
template <class C>
concept Coupling = std::copy_constructible<C> && requires(const C& coupling) {
  coupling.validate();
  { coupling.settings() } -> std::convertible_to<std::string>;
};

/// A coupling that looks at a whole batch before it is cut into chunks. Calls are const, allocate nothing, and depend
/// on their arguments alone:
///   workspace<Scalar>(d, most)    a Workspace<Scalar> for batches of up to `most` samples of d numbers
///   pair(x0, noise, draw, order, workspace)
///       writes to order[j] the column of x0 (d x n) that goes with column j of the noise (d x n). Each column is to be
///       there once, or, where a coupling is drawn, once on average
template <class C>
concept BatchCoupling = Coupling<C> &&
    requires(const C& coupling, Index n, ConstMatrixView<float> in, const Draw& draw, std::span<Index> order,
             typename C::template Workspace<float>& workspace) {
  { coupling.template workspace<float>(n, n) } -> std::same_as<typename C::template Workspace<float>>;
  coupling.pair(in, in, draw, order, workspace);
};

}  // namespace scorefield
