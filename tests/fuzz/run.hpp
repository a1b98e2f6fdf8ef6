/// The network whose runs the fuzzer starts from.
#pragma once

#include "scorefield/core/parameters.hpp"

namespace scorefield::fuzz {

inline ParameterLayout small_layout() {
  ParameterLayout layout;
  layout.add("0.weight", 2, 1);
  layout.add("0.bias", 2, 1);
  return layout;
}

}  // namespace scorefield::fuzz
