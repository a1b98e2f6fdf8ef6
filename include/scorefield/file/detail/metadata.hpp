/// What files say of themselves.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
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

/// The state of a model's units; of no numbers where there are none.
inline Vector<double> units_of(const Tensors& tensors) {
  const auto found = tensors.all().find("units");
  return found == tensors.all().end() ? Vector<double>(0)
                                      : Vector<double>(tensors.get<double>("units", found->second.shape));
}

}  // namespace scorefield::detail
