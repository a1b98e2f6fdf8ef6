/// Hyper-parameters as text, by which a run that is resumed knows whether they are the same.
#pragma once

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "scorefield/core/error.hpp"

namespace scorefield {

/// Something that tells its hyper-parameters: settings() is text that differs where they do. All parts of a model and
/// of a training may offer it; a run cannot tell those that do not apart, and a file cannot hold them.
template <class P>
concept HasSettings = requires(const P& policy) {
  { policy.settings() } -> std::convertible_to<std::string>;
};

/// A number in as few digits as tell it from all others of its type.
std::string exact_text(std::floating_point auto value) {
  char buffer[32];  // for a sign, 17 digits, a point and an exponent
  return {buffer, std::to_chars(buffer, std::end(buffer), value, std::chars_format::general).ptr};
}

/// A hyper-parameter by its name.
struct Setting {
  std::string_view name;
  std::string value;

  Setting(std::string_view of, const auto& is) : name(of), value(text(is)) {}
  Setting(std::string_view of, const std::floating_point auto& is) : name(of), value(exact_text(is)) {}
};

/// "Adam{learning_rate 0.001, beta1 0.9}".
inline std::string settings_text(std::string_view policy, std::span<const Setting> settings) {
  std::string all(policy);
  const char* separator = "{";
  for (const auto& [name, value] : settings) {
    all += text(separator, name, ' ', value);
    separator = ", ";
  }
  return all + (settings.empty() ? "{}" : "}");
}
inline std::string settings_text(std::string_view policy, std::initializer_list<Setting> settings) {
  return settings_text(policy, std::span(settings.begin(), settings.size()));
}

}  // namespace scorefield
