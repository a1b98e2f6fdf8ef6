/// RowsAndColumns: a size of images that may differ between their two axes.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// A number of rows and one of columns; a single number stands for both.
struct RowsAndColumns {
  Index rows, columns;

  constexpr RowsAndColumns(Index both) : rows(both), columns(both) {}
  constexpr RowsAndColumns(Index of_rows, Index of_columns) : rows(of_rows), columns(of_columns) {}

  constexpr bool operator==(const RowsAndColumns&) const = default;

  constexpr Index pixels() const { return rows * columns; }

  /// Whether both numbers are in [least, end), each below its own end.
  constexpr bool are_in(Index least, const RowsAndColumns& end) const {
    return rows >= least && rows < end.rows && columns >= least && columns < end.columns;
  }
};

namespace detail {

/// As messages say it: "1 x 3".
inline std::string by(const RowsAndColumns& n) { return text(n.rows, " x ", n.columns); }

}  // namespace detail

}  // namespace scorefield
