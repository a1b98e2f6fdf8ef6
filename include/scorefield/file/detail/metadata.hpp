/// What files say of themselves.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/version.hpp"
#include "scorefield/file/tensors.hpp"

namespace scorefield::detail {

inline std::string version_text() {
  return text(SCOREFIELD_VERSION_MAJOR, '.', SCOREFIELD_VERSION_MINOR, '.', SCOREFIELD_VERSION_PATCH);
}

inline std::string entry(const Tensors& tensors, const std::string& key) {
  const auto found = tensors.metadata.find(key);
  return found == tensors.metadata.end() ? "nothing" : found->second;
}

}  // namespace scorefield::detail
