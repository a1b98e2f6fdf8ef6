/// Hyper-parameters read back from text, for what is built anew from a file.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// What settings_text made: "Name{key value, key Other{key value}}". What is built from settings offers
///   static T from_settings(const ReadSettings&)
/// and tells the same ones afterwards.
class ReadSettings {
 public:
  /// Throws InvalidArgument for other text.
  explicit ReadSettings(std::string_view text) : text_(text) {
    const auto open = text_.find('{');
    if (open == std::string::npos || text_.back() != '}') fail("Name{key value}");
    name_ = text_.substr(0, open);
    int depth = 0;
    std::size_t first = open + 1;
    for (std::size_t i = first; i < text_.size(); ++i) {
      depth += text_[i] == '{' ? 1 : text_[i] == '}' ? -1 : 0;
      if (depth < 0 && i + 1 != text_.size()) fail("braces that match");
      if ((depth == 0 && text_[i] == ',') || depth < 0) {
        add(text_.substr(first, i - first));
        first = i + 2;  // after ", "
      }
    }
    if (depth != -1) fail("braces that match");
  }

  const std::string& name() const { return name_; }

  /// Itself. Throws InvalidArgument unless it is of this name.
  const ReadSettings& of(std::string_view name) const {
    if (name_ != name)
      throw InvalidArgument("ReadSettings", text("settings of ", name), text_.substr(0, 200),
                            "build what they are of, as load_any does");
    return *this;
  }

  /// The value of a key: of an integer, a floating-point number, a list of at most 1024 integers (separated by spaces)
  /// or text. Throws InvalidArgument when there is none, or it is not of that kind. Integers are in [0, most].
  template <class T>
  T get(std::string_view key, Index most = Index{1} << 30) const {
    const std::string& value = find(key);
    if constexpr (std::same_as<T, std::string>) {
      return value;
    } else if constexpr (std::same_as<T, std::vector<Index>>) {
      std::vector<Index> all;
      if (static_cast<std::size_t>(std::ranges::count(value, ' ')) >= longest_list)
        fail(text("at most ", longest_list, " numbers as ", key));
      for (std::size_t first = 0; first < value.size();) {
        const std::size_t end = std::min(value.find(' ', first), value.size());
        all.push_back(integer(key, value.substr(first, end - first), most));
        first = end + 1;
      }
      return all;
    } else if constexpr (std::integral<T>) {
      return static_cast<T>(integer(key, value, most));
    } else {
      return parsed<T>(key, value);
    }
  }

 private:
  static constexpr std::size_t longest_list = 1024;  // so that nothing of a file is nested deeper

  [[noreturn]] void fail(std::string_view expected) const {
    throw InvalidArgument("ReadSettings", expected, text('"', text_.substr(0, 200), '"'),
                          "the description was changed, or another version wrote it");
  }

  void add(const std::string& entry) {
    if (entry.empty()) return;
    const auto space = entry.find(' ');
    if (space == std::string::npos || space == 0) fail("a key and a value");
    entries_.emplace_back(entry.substr(0, space), entry.substr(space + 1));
  }

  const std::string& find(std::string_view key) const {
    for (const auto& [name, value] : entries_)
      if (name == key) return value;
    fail(text("a value of ", key));
  }

  template <class T>
  T parsed(std::string_view key, const std::string& value) const {
    T number{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size()) fail(text("a number as ", key));
    return number;
  }

  Index integer(std::string_view key, const std::string& value, Index most) const {
    const auto number = parsed<Index>(key, value);
    if (number < 0 || number > most) fail(text("from 0 to ", most, " as ", key));
    return number;
  }

  std::string text_, name_;
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// Integers as text, which get<std::vector<Index>> reads.
inline std::string list_text(const std::vector<Index>& numbers) {
  std::string all;
  for (const Index number : numbers) all += text(all.empty() ? "" : " ", number);
  return all;
}

}  // namespace scorefield
