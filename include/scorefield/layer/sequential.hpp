/// Layers one after the other, of types known at compile time or of one type and any number.
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/layer/conditional.hpp"
#include "scorefield/layer/detail/layer_chain.hpp"

namespace scorefield {

/// y = last(... second(first(x))), itself a layer: Sequential{Dense<float, SiLU>(2, 64), Dense<float>(64, 2)}. Throws
/// InvalidArgument where neighbouring widths differ.
template <AnyLayer First, AnyLayer... Rest>
requires(std::same_as<typename Rest::Scalar, typename First::Scalar>&&...) class Sequential
    : public detail::LayerChain<typename First::Scalar, std::tuple<First, Rest...>> {
 public:
  explicit Sequential(First first, Rest... rest)
      : detail::LayerChain<typename First::Scalar, std::tuple<First, Rest...>>(
            std::tuple{std::move(first), std::move(rest)...}) {}

  template <std::size_t I>
  const auto& layer() const {
    return std::get<I>(this->layers_);
  }
};

/// The same for a number of layers that is known at run time.
template <AnyLayer L>
class LayerList : public detail::LayerChain<typename L::Scalar, std::vector<L>> {
 public:
  explicit LayerList(std::vector<L> layers)
      : detail::LayerChain<typename L::Scalar, std::vector<L>>(std::move(layers)) {}
};

}  // namespace scorefield
