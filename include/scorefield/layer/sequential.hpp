/// Sequential and LayerList: layers one after the other, of types known at compile time or of one type and any number.
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/layer_chain.hpp"

namespace scorefield {

/// y = last(... second(first(x))), itself a layer: Sequential{Dense<float, SiLU>(2, 64), Dense<float>(64, 2)}. Throws
/// InvalidArgument where neighbouring widths differ, or layers look at contexts of different sizes.
template <Layer First, Layer... Rest>
requires(std::same_as<typename Rest::Scalar, typename First::Scalar>&&...) class Sequential
    : public detail::LayerChain<typename First::Scalar, std::tuple<First, Rest...>> {
 public:
  explicit Sequential(First first, Rest... rest)
      : Sequential::LayerChain("Sequential", std::tuple{std::move(first), std::move(rest)...}) {}

  template <std::size_t I>
  const auto& layer() const {
    return std::get<I>(this->layers());
  }
};

/// The same for a number of layers that is known at run time. With AnyImageLayer their types are, too.
template <Layer L>
class LayerList : public detail::LayerChain<typename L::Scalar, std::vector<L>> {
 public:
  explicit LayerList(std::vector<L> layers) : LayerList::LayerChain("LayerList", std::move(layers)) {}
};

}  // namespace scorefield
