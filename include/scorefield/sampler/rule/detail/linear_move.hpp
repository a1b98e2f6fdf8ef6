/// The move of methods that make a linear combination of sample, estimate and noise.
#pragma once

#include <array>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// x becomes shares[0] x + shares[1] estimate + shares[2] noise.
template <Real Scalar>
auto linear_move(const std::array<Scalar, 3>& shares) {
  return [keep = broadcast(shares[0]), pull = broadcast(shares[1]), shake = broadcast(shares[2])](
             const auto& x, const auto& estimate, const auto& noise) {
    return std::array{multiply_add(shake, noise, multiply_add(pull, estimate, multiply(keep, x)))};
  };
}

}  // namespace scorefield::detail
