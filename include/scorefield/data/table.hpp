/// Tables of named columns, as CSV files hold them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scorefield/core/error.hpp"

namespace scorefield {

namespace detail {

/// Whether a field stands for none: it is empty, or one of the words that programs write then.
inline bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 7> words{"", "na", "n/a", "nan", "null", "none", "?"};
  std::string lower(field);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::ranges::find(words, lower) != words.end();
}

}  // namespace detail

/// Records of text, each as long as `names`, which differ.
struct Table {
  std::vector<std::string> names;              // of the columns
  std::vector<std::vector<std::string>> rows;  // the fields of each record
  char delimiter = ',';                        // between fields in a file: a comma, semicolon or tab

  /// Throws InvalidArgument, which names the record, unless it is as described.
  void validate() const {
    const std::set<std::string_view> all(names.begin(), names.end());
    if (all.size() != names.size())
      throw InvalidArgument("Table", "a name of its own for each column", "one twice", "rename one of them");
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].size() != names.size())
        throw InvalidArgument("Table", text(names.size(), " fields in each record"),
                              text(rows[i].size(), " in record ", i + 1), "give every column a field");
    if (std::string_view(",;\t").find(delimiter) == std::string_view::npos)
      throw InvalidArgument("Table", "a comma, a semicolon or a tab as delimiter", text("'", delimiter, "'"),
                            "a comma is usual");
  }

  /// Which column has that name. Throws InvalidArgument, which tells the names there are.
  std::size_t column(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      std::string all;
      for (const auto& other : names) all += text(all.empty() ? "" : ", ", other);
      throw InvalidArgument("Table", names.empty() ? "no column, for there is none" : "one of the columns " + all,
                            text('"', name, '"'), "spell it as in the data");
    }
    return static_cast<std::size_t>(found - names.begin());
  }

  /// The columns of these names, in this order. Throws InvalidArgument for a name that there is not, and as validate().
  Table select(const std::vector<std::string>& chosen) const {
    validate();
    Table table{chosen, {}, delimiter};
    std::vector<std::size_t> columns;
    for (const auto& name : chosen) columns.push_back(column(name));
    table.rows.reserve(rows.size());
    for (const auto& row : rows) {
      table.rows.emplace_back();
      for (const auto i : columns) table.rows.back().push_back(row[i]);
    }
    return table;
  }

  /// The records of which no field is missing.
  Table complete() const {
    Table table{names, {}, delimiter};
    std::ranges::copy_if(rows, std::back_inserter(table.rows),
                         [](const auto& row) { return std::ranges::none_of(row, detail::is_missing); });
    return table;
  }
};

}  // namespace scorefield
