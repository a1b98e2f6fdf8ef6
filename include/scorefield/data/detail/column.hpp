/// One column of a table: what its fields are, and how they become numbers and text again.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/table.hpp"

namespace scorefield::detail {

/// A whole field as a decimal number, "-1.5e3", blanks around it and a plus before it left out; nothing for other text,
/// and for what is not finite.
inline std::optional<double> number_in(std::string_view field) {
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  if (field.starts_with('+') && field.size() > 1 && field[1] != '-') field.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value)) return {};
  return value;
}

/// Whether a number is written as a code is: with zeros before it.
inline bool has_leading_zero(std::string_view field) {
  if (field.starts_with('-') || field.starts_with('+')) field.remove_prefix(1);
  return field.size() > 1 && field[0] == '0' && field[1] >= '0' && field[1] <= '9';
}

/// Digits after the point, but for zeros at the end; nothing for numbers with an exponent, or more digits than a float
/// tells apart.
inline std::optional<int> decimals_of(std::string_view field) {
  if (field.find_first_of("eE") != field.npos) return {};
  const auto point = field.find('.');
  const auto digits = point == field.npos ? 0 : field.find_last_not_of("0 ") - point;
  return digits <= 6 ? std::optional(static_cast<int>(digits)) : std::nullopt;
}

enum class ColumnKind { number, category, constant };
inline constexpr std::array<std::string_view, 3> column_kind_names{"number", "category", "constant"};

[[noreturn]] inline void fail_column_state(std::string_view state) {
  throw InvalidArgument("TableColumns::from_state", "text that TableColumns::state gave",
                        text('"', state.substr(0, 100), '"'), "read what was written");
}

struct TableColumn {
  std::string name;
  ColumnKind kind = ColumnKind::number;
  int decimals = 0;                // of a number, digits after the point that the data have; -1 if they are not rounded
  double least = 0, most = 0;      // of numbers
  std::vector<std::string> words;  // of a category, in the order of the alphabet, or the constant's own

  bool is_number() const { return kind == ColumnKind::number; }

  Index rows() const {
    return kind == ColumnKind::number ? 1 : kind == ColumnKind::constant ? 0 : static_cast<Index>(words.size());
  }

  /// What numbers are rounded to; 0 if they are not.
  double step() const { return decimals < 0 ? 0 : std::pow(10, -decimals); }

  /// record: from 0.
  double number_of(const std::string& field, std::size_t record) const {
    if (const auto number = number_in(field)) return *number;
    fail(record, is_missing(field) ? std::string_view("a number") : "a number alone", field,
         is_missing(field) ? "fill in what is missing, or leave such records out"
                           : "repair it, or declare the column a category");
  }

  /// Which word of a category, or 0 for the constant itself.
  Index word_of(const std::string& field, std::size_t record) const {
    const auto found = std::ranges::find(words, field);
    if (found == words.end())
      fail(record, kind == ColumnKind::constant ? "\"" + words.front() + "\" in all records" : "a word that was learnt",
           field, "one of " + listed());
    return static_cast<Index>(found - words.begin());
  }

  /// numbers: those of its rows.
  std::string field_of(const Vector<double>& numbers) const {
    if (kind == ColumnKind::constant) return words.front();
    if (kind == ColumnKind::category) {
      Index word = 0;
      numbers.maxCoeff(&word);
      return words[static_cast<std::size_t>(word)];
    }
    std::array<char, 400> digits;  // of the largest double, without an exponent
    const double number = std::clamp(numbers(0), least, most);
    const auto end = decimals < 0
                         ? std::to_chars(digits.begin(), digits.end(), number, std::chars_format::general, 7).ptr
                         : std::to_chars(digits.begin(), digits.end(), number, std::chars_format::fixed, decimals).ptr;
    const std::string_view written(digits.data(), static_cast<std::size_t>(end - digits.data()));
    const bool zero = written.find_first_of("123456789") == written.npos;
    return std::string(zero && written.starts_with('-') ? written.substr(1) : written);
  }

  std::string description() const {
    if (kind == ColumnKind::constant) return text("constant ", words.front());
    if (kind == ColumnKind::category) return text("category of ", words.size(), ": ", listed());
    return text(decimals < 0    ? "number"
                : decimals == 0 ? "whole number"
                                : text("number of ", decimals, " decimals"),
                ", ", least, " to ", most);
  }

  /// Fields between tabs: kind, decimals, least, most, name, words.
  std::string state() const {
    std::string all = text(column_kind_names[static_cast<std::size_t>(kind)], '\t', decimals, '\t', exact_text(least),
                           '\t', exact_text(most), '\t', escaped(name));
    for (const auto& word : words) all += '\t' + escaped(word);
    return all;
  }

  static TableColumn from_state(std::string_view state) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (state[i] == '\t')
        parts.emplace_back();
      else if (state[i] == '\\' && i + 1 < state.size())
        parts.back() += state[++i] == 't' ? '\t' : state[i] == 'n' ? '\n' : state[i];
      else
        parts.back() += state[i];
    }
    TableColumn column;
    const auto kind = std::ranges::find(column_kind_names, parts[0]);
    if (parts.size() < 5 || kind == column_kind_names.end()) fail_column_state(state);
    column.kind = static_cast<ColumnKind>(kind - column_kind_names.begin());
    const auto decimals = number_in(parts[1]), least = number_in(parts[2]), most = number_in(parts[3]);
    column.words.assign(parts.begin() + 5, parts.end());
    const bool has_range = decimals && *decimals >= -1 && *decimals <= 6 && *decimals == std::floor(*decimals) &&
                           least && most && *least <= *most;
    const auto words = column.words.size();
    const bool has_words = column.is_number() ? words == 0 : column.rows() == 0 ? words == 1 : words > 0;
    const bool sorted = std::ranges::adjacent_find(column.words, std::greater_equal{}) == column.words.end();
    if (!has_range || !has_words || !sorted) fail_column_state(state);
    column.decimals = static_cast<int>(*decimals);
    column.least = *least;
    column.most = *most;
    column.name = parts[4];
    return column;
  }

  [[noreturn]] void fail(std::size_t record, std::string_view expected, std::string_view field,
                         std::string_view hint) const {
    throw InvalidArgument(
        "TableColumns", expected,
        text(field.empty() ? "nothing" : text('"', field, '"'), " in record ", record + 1, ", column \"", name, '"'),
        hint);
  }

 private:
  static std::string escaped(const std::string& plain) {
    std::string all;
    for (const char c : plain) {
      if (c == '\\' || c == '\t' || c == '\n') all += '\\';
      all += c == '\t' ? 't' : c == '\n' ? 'n' : c;
    }
    return all;
  }

  std::string listed() const {
    std::string all;
    for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
    return text(all.substr(0, 200), all.size() > 200 ? " ..." : "");
  }
};

/// The column's own text in all records.
inline TableColumn constant_column(const Table& table, std::size_t i) {
  TableColumn column;
  column.name = table.names[i];
  column.kind = ColumnKind::constant;
  column.words = {table.rows[0][i]};
  for (std::size_t j = 0; j < table.rows.size(); ++j) column.word_of(table.rows[j][i], j);
  return column;
}

/// Throws InvalidArgument where there are too many words.
inline TableColumn category_column(const Table& table, std::size_t i) {
  constexpr std::size_t most = 100;
  TableColumn column;
  column.name = table.names[i];
  column.kind = ColumnKind::category;
  for (const auto& row : table.rows) column.words.push_back(row[i]);
  std::ranges::sort(column.words);
  column.words.erase(std::unique(column.words.begin(), column.words.end()), column.words.end());
  if (column.words.size() > most)
    throw InvalidArgument("TableColumns", text("at most ", most, " words in column \"", column.name, '"'),
                          text(column.words.size()), "leave the column out, as names, codes and dates");
  return column;
}

/// With the range of its numbers, and as many decimals as the one that has most. Throws InvalidArgument for a field
/// that is no number, or no whole one where all are to be.
inline TableColumn number_column(const Table& table, std::size_t i, bool whole) {
  TableColumn column;
  column.name = table.names[i];
  for (std::size_t j = 0; j < table.rows.size(); ++j) {
    const auto& field = table.rows[j][i];
    const double number = column.number_of(field, j);
    if (whole && number != std::round(number)) column.fail(j, "a whole number", field, "declare the column a number");
    column.least = j == 0 ? number : std::min(column.least, number);
    column.most = j == 0 ? number : std::max(column.most, number);
    const auto decimals = decimals_of(field);
    column.decimals = !decimals || column.decimals < 0 ? -1 : std::max(column.decimals, *decimals);
  }
  if (whole) column.decimals = 0;
  return column;
}

/// What a column looks like: "number", "category" or "constant". Throws InvalidArgument for a missing field, and for
/// numbers with a decimal comma.
inline std::string_view kind_of(const Table& table, std::size_t i) {
  const auto& rows = table.rows;
  TableColumn column;
  column.name = table.names[i];
  if (std::ranges::all_of(rows, [&](const auto& row) { return row[i] == rows[0][i]; })) return "constant";
  const auto missing = std::ranges::count_if(rows, [i](const auto& row) { return is_missing(row[i]); });
  for (std::size_t j = 0; j < rows.size() && missing > 0; ++j)
    if (is_missing(rows[j][i]))
      column.fail(j, "something", rows[j][i],
                  text("of ", rows.size(), " records ", missing,
                       " have nothing there: fill it in, leave such records out, or declare the column a category"));
  const auto most_are = [&](const auto& is) {
    return 2 * std::ranges::count_if(rows, [&](const auto& row) { return is(row[i]); }) > std::ssize(rows);
  };
  if (most_are([](std::string field) {
        std::ranges::replace(field, ',', '.');
        return field.find('.') != field.npos && number_in(field);
      }) &&
      !most_are([](const std::string& field) { return number_in(field).has_value(); }))
    throw InvalidArgument("TableColumns", text("numbers with a decimal point in column \"", column.name, '"'),
                          text("a comma, as in \"", rows[0][i], '"'), "write 1.5 for 1,5");
  if (std::ranges::any_of(rows, [i](const auto& row) { return has_leading_zero(row[i]); })) return "category";
  return most_are([](const std::string& field) { return number_in(field).has_value(); }) ? "number" : "category";
}

/// What column i of a table is; `declared` as in TableColumns::recognise, or "" for the library to see.
inline TableColumn recognised_column(const Table& table, std::size_t i, std::string_view declared) {
  const auto kind = declared.empty() ? kind_of(table, i) : declared;
  if (kind == "constant") return constant_column(table, i);
  if (kind == "category") return category_column(table, i);
  if (kind != "number" && kind != "whole")
    throw InvalidArgument("TableColumns",
                          text("number, whole, category or constant for column \"", table.names[i], '"'),
                          text('"', declared, '"'), "choose one of them");
  auto column = number_column(table, i, kind == "whole");
  if (declared == "number" && column.decimals == 0) column.decimals = -1;
  return column;
}

}  // namespace scorefield::detail
