/// Columns of tables (numbers, whole numbers, categories) as matrices that models learn, and back: one-hot encoding,
/// and dequantisation of numbers that were rounded.
#pragma once

#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/column.hpp"
#include "scorefield/data/row.hpp"
#include "scorefield/data/table.hpp"

namespace scorefield {

/// What each column of a table holds, and how it is written as rows of a matrix: a number is one row, a category one
/// row for each of its words, and a constant none, for it comes back by itself.
class TableColumns {
 public:
  /// Takes a column for a constant where all fields are the same, for a category where numbers have zeros before them,
  /// as codes do, for numbers where most fields are, whole or with a decimal point, and else for a category. `declared`
  /// says otherwise, by name: "number" (which makes whole numbers fractions), "whole", "category" or "constant". Throws
  /// InvalidArgument, which names record and column: for a field that is missing (empty, NA, NaN, null, none or ?),
  /// for one that is not of its column's kind, for decimal commas, and for a category of more than 100 words.
  static TableColumns recognise(const Table& table, const std::map<std::string, std::string>& declared = {}) {
    table.validate();
    for (const auto& kind : declared) table.column(kind.first);
    if (table.rows.empty()) throw InvalidArgument("TableColumns", "at least one record", "none", "pass data to learn");
    TableColumns columns;
    for (std::size_t i = 0; i < table.names.size(); ++i) {
      const auto found = declared.find(table.names[i]);
      columns.all_.push_back(detail::recognised_column(table, i, found == declared.end() ? "" : found->second));
    }
    columns.delimiter_ = table.delimiter;
    return columns;
  }

  /// Of the columns, in their order.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& column : all_) all.push_back(column.name);
    return all;
  }

  /// Rows of the matrix.
  Index dimension() const {
    Index rows = 0;
    for (const auto& column : all_) rows += column.rows();
    return rows;
  }

  /// The columns of these names, in this order. Throws InvalidArgument for a name that there is not.
  TableColumns select(const std::vector<std::string>& chosen) const {
    TableColumns columns;
    columns.delimiter_ = delimiter_;
    for (const auto& name : chosen) columns.all_.push_back(all_[Table{names(), {}}.column(name)]);
    return columns;
  }

  /// Of the rows of the matrix: "alcohol", and of a category "city=Bern".
  std::vector<std::string> row_names() const {
    std::vector<std::string> all;
    for (const auto& column : all_)
      if (column.is_number())
        all.push_back(column.name);
      else
        for (Index word = 0; word < column.rows(); ++word)
          all.push_back(column.name + '=' + column.words[static_cast<std::size_t>(word)]);
    return all;
  }

  /// What is known of these rows, for Units: numbers go through their ranks, so that whatever their distribution is,
  /// the model's is normal.
  std::vector<Row> unit_rows() const {
    std::vector<Row> all;
    for (const auto& column : all_)
      all.insert(all.end(), static_cast<std::size_t>(column.rows()), column.is_number() ? Row::ranked() : Row::any());
    return all;
  }

  /// A table with these columns as a matrix, dimension() x records. Throws InvalidArgument, which names record and
  /// column, for other columns and for fields that are not of their kind.
  template <Real Scalar>
  Matrix<Scalar> encode(const Table& table) const {
    check_names(table);
    table.validate();
    Matrix<Scalar> matrix = Matrix<Scalar>::Zero(dimension(), static_cast<Index>(table.rows.size()));
    Index row = 0;
    for (std::size_t i = 0; i < all_.size(); row += all_[i++].rows())
      for (std::size_t record = 0; record < table.rows.size(); ++record) {
        const auto& field = table.rows[record][i];
        const auto j = static_cast<Index>(record);
        if (all_[i].is_number()) {
          matrix(row, j) = static_cast<Scalar>(all_[i].number_of(field, record));
          if (!std::isfinite(matrix(row, j)))
            all_[i].fail(record, "a number that the matrix can hold", field, "use a larger unit");
        } else if (const Index word = all_[i].word_of(field, record); all_[i].rows() > 0)
          matrix(row + word, j) = 1;
      }
    return matrix;
  }

  /// Adds to numbers that were rounded to some decimals an error that they may have had, uniform and a function of seed
  /// and record alone, so that a model need not learn a density of single points: uniform dequantisation (Theis et al.
  /// 2016, arXiv:1511.01844, section 3.1).
  template <Real Scalar>
  void dequantise(Matrix<Scalar>& matrix, Seed seed) const {
    check_dimension("TableColumns::dequantise", matrix);
    Matrix<Scalar> errors(matrix.rows(), matrix.cols());
    Random(seed, "rounding errors").uniform(view(errors), 0, 0);
    Index row = 0;
    for (const auto& column : all_) {
      if (column.is_number())
        matrix.row(row) += static_cast<Scalar>(column.step()) * (errors.row(row).array() - Scalar(0.5)).matrix();
      row += column.rows();
    }
  }

  /// Samples, dimension() x n, as a table: numbers are rounded as the data were and kept in their range, and of a
  /// category the word whose row is largest is taken. Numbers that are not rounded have 7 digits. Throws
  /// InvalidArgument for another dimension, NonFinite for a number that is not finite.
  template <Real Scalar>
  Table decode(const Matrix<Scalar>& samples) const {
    check_dimension("TableColumns::decode", samples);
    if (!samples.allFinite())
      throw NonFinite("TableColumns::decode", "finite numbers", "a NaN or an infinity",
                      "look for the sample that has it");
    Table table;
    table.delimiter = delimiter_;
    table.names = names();
    table.rows.resize(static_cast<std::size_t>(samples.cols()));
    for (Index j = 0; j < samples.cols(); ++j) {
      Index row = 0;
      for (const auto& column : all_) {
        table.rows[static_cast<std::size_t>(j)].push_back(
            column.field_of(samples.col(j).segment(row, column.rows()).template cast<double>()));
        row += column.rows();
      }
    }
    return table;
  }

  /// A row for each column that is no constant, named as it is: numbers as they are, and of a category the position of
  /// its word among all, from 0, for pictures. Throws InvalidArgument for another dimension than that of encode.
  template <Real Scalar>
  Matrix<Scalar> positions(const Matrix<Scalar>& matrix) const {
    check_dimension("TableColumns::positions", matrix);
    Matrix<Scalar> all(static_cast<Index>(position_names().size()), matrix.cols());
    Index row = 0, to = 0;
    for (const auto& column : all_) {
      if (column.rows() == 0) continue;
      for (Index j = 0; j < matrix.cols(); ++j) {
        Index word = 0;
        if (!column.is_number()) matrix.col(j).segment(row, column.rows()).maxCoeff(&word);
        all(to, j) = column.is_number() ? matrix(row, j) : static_cast<Scalar>(word);
      }
      row += column.rows();
      ++to;
    }
    return all;
  }
  std::vector<std::string> position_names() const {
    std::vector<std::string> all;
    for (const auto& column : all_)
      if (column.rows() > 0) all.push_back(column.name);
    return all;
  }

  /// Names and kinds, a line each: "alcohol: number of 2 decimals, 11.03 to 14.83".
  std::string description() const {
    std::string all;
    for (const auto& column : all_) all += column.name + ": " + column.description() + '\n';
    return all;
  }

  /// All of it as text, to be kept in a file.
  std::string state() const {
    std::string all = std::string(1, delimiter_) + '\n';
    for (const auto& column : all_) all += column.state() + '\n';
    return all;
  }

  /// What state() gave. Throws InvalidArgument for other text.
  static TableColumns from_state(std::string_view state) {
    TableColumns columns;
    if (state.size() < 2 || std::string_view(",;\t").find(state[0]) == state.npos || state[1] != '\n' ||
        state.back() != '\n')
      detail::fail_column_state(state);
    columns.delimiter_ = state[0];
    for (std::size_t first = 2; first < state.size();) {
      const std::size_t end = state.find('\n', first);
      columns.all_.push_back(detail::TableColumn::from_state(state.substr(first, end - first)));
      first = end + 1;
    }
    Table{columns.names(), {}}.validate();
    return columns;
  }

 private:
  void check_names(const Table& table) const {
    if (table.names == names()) return;
    std::string expected, got;
    for (const auto& column : all_) expected += text(expected.empty() ? "" : ", ", column.name);
    for (const auto& name : table.names) got += text(got.empty() ? "" : ", ", name);
    throw InvalidArgument("TableColumns::encode", "the columns " + expected, got, "select those columns");
  }

  template <Real Scalar>
  void check_dimension(const char* operation, const Matrix<Scalar>& matrix) const {
    if (matrix.rows() != dimension())
      throw InvalidArgument(operation, text(dimension(), " rows, as of these columns"),
                            text(matrix.rows(), " x ", matrix.cols()), "pass what encode gave or their model drew");
  }

  std::vector<detail::TableColumn> all_;
  char delimiter_ = ',';
};

}  // namespace scorefield
