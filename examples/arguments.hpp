/// Command-line options of the examples: "--name value" or "--flag", each known by name, with a help text.
#pragma once

#include <charconv>
#include <functional>
#include <locale>
#include <optional>
#include <scorefield/core/error.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#include <version>

namespace examples {

/// What the user typed cannot be used: one line, and the program ends with status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Arguments {
 public:
  /// A number that may stay unknown.
  template <class T>
  void number(const std::string& name, std::optional<T>& value, const std::string& help) {
    add(name, "N", help, [name, &value](std::string_view typed) { value = parsed<T>(name, typed); });
  }

  /// A number of any type; its value so far is the default.
  template <class T>
  void number(const std::string& name, T& value, const std::string& help) {
    add(name, "N", help, [name, &value](std::string_view typed) { value = parsed<T>(name, typed); });
  }

  void word(const std::string& name, std::string& value, const std::string& placeholder, const std::string& help) {
    add(name, placeholder, help, [&value](std::string_view typed) { value = typed; });
  }

  /// An option that may be there more than once: take(word) is called for each.
  void words(const std::string& name, const std::string& placeholder, const std::string& help,
             std::function<void(const std::string&)> take) {
    add(name, placeholder, help, [take = std::move(take)](std::string_view typed) { take(std::string(typed)); });
  }

  /// Without a value: true when it is there.
  void flag(const std::string& name, bool& value, const std::string& help) {
    add(name, "", help, [&value](std::string_view) { value = true; });
  }

  /// Reads the options in order; false if help was asked for. Throws UsageError for anything unknown or malformed.
  bool read(int argc, const char* const* argv) const {
    for (int i = 1; i < argc; ++i) {
      const std::string_view typed = argv[i];
      if (typed == "--help" || typed == "-h") return false;
      const auto equals = typed.find('=');
      const Option& option = find(typed.substr(0, equals));
      const bool flag = option.placeholder.empty();
      if (flag && equals != std::string_view::npos)
        throw UsageError("--" + option.name + ": expected no value, got '" + std::string(typed.substr(equals + 1)) +
                         "'");
      if (flag)
        option.read("");
      else if (equals != std::string_view::npos)
        option.read(typed.substr(equals + 1));
      else if (i + 1 < argc)
        option.read(argv[++i]);
      else
        throw UsageError(std::string(typed) + ": expected a value after it");
    }
    return true;
  }

  std::string help() const {
    std::string text;
    for (const auto& option : options_) {
      const std::string left = "  --" + option.name + (option.placeholder.empty() ? "" : " ") + option.placeholder;
      text += left + std::string(left.size() < 26 ? 26 - left.size() : 1, ' ') + option.help + "\n";
    }
    return text + "  --help                  this text\n";
  }

 private:
  /// Whether a word is a number in range, and nothing else.
  template <class T>
  static bool read_number(std::string_view typed, T& value) {
    const auto* const end = typed.data() + typed.size();
    const auto result = std::from_chars(typed.data(), end, value);
    return result.ec == std::errc{} && result.ptr == end;
  }
#ifndef __cpp_lib_to_chars  // a standard library that has from_chars for integers alone
  static bool read_number(std::string_view typed, double& value) {
    std::istringstream stream{std::string(typed)};
    stream.imbue(std::locale::classic());
    return stream >> std::noskipws >> value && stream.peek() == std::istringstream::traits_type::eof();
  }
#endif

  template <class T>
  static T parsed(const std::string& name, std::string_view typed) {
    T value{};
    if (!read_number(typed, value))
      throw UsageError("--" + name + ": expected a " + (std::is_integral_v<T> ? "whole number" : "number") +
                       " in range, got '" + std::string(typed) + "'");
    return value;
  }

  struct Option {
    std::string name, placeholder, help;
    std::function<void(std::string_view)> read;
  };

  void add(const std::string& name, const std::string& placeholder, const std::string& help,
           std::function<void(std::string_view)> read) {
    options_.push_back({name, placeholder, help, std::move(read)});
  }

  const Option& find(std::string_view typed) const {
    for (const auto& option : options_)
      if (typed == "--" + option.name) return option;
    throw UsageError("unknown option '" + std::string(typed) + "'; --help lists the known ones");
  }

  std::vector<Option> options_;
};

/// Refuses lengths of a training that cannot be, in minutes or steps.
template <class Steps>
void check_length(const std::optional<double>& minutes, const std::optional<Steps>& steps) {
  if (minutes && steps) throw UsageError("--minutes and --steps: expected one of them, got both");
  if (minutes && !(*minutes > 0 && *minutes <= 1e6))
    throw UsageError(scorefield::text("--minutes: expected a number above 0, up to 1e6, got ", *minutes));
  if (steps && *steps < 1) throw UsageError(scorefield::text("--steps: expected at least 1, got ", *steps));
}

}  // namespace examples
