/// Tables of named columns, as CSV files hold them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "scorefield/core/error.hpp"

namespace scorefield {

/// Records of text. All rows are as long as `names`.
struct Table {
  std::vector<std::string> names;              // of the columns, each once
  std::vector<std::vector<std::string>> rows;  // a record each
  char delimiter = ',';                        // between fields, where the table is a file

  /// Which column has that name. Throws InvalidArgument, which tells the names there are.
  std::size_t column(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      std::string all;
      for (const auto& other : names) all += text(all.empty() ? "" : ", ", other);
      throw InvalidArgument("Table", text("one of the columns ", all), text("\"", name, '"'), "spell it as there");
    }
    return static_cast<std::size_t>(found - names.begin());
  }

  /// The columns of these names, in this order. Throws like column().
  Table select(const std::vector<std::string>& chosen) const {
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
};

}  // namespace scorefield
