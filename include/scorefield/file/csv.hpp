/// CSV files (RFC 4180) as tables, read and written: the one header that needs libcsv.
#pragma once

#include <algorithm>
#include <cstddef>
#include <csv.h>
#include <exception>
#include <filesystem>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/core/file/input_file.hpp"
#include "scorefield/data/table.hpp"

namespace scorefield {
namespace detail {

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
inline constexpr std::string_view zip_mark = "PK\x03\x04";

/// The one of comma, semicolon and tab that stands most often in the first line that is not empty, outside of quotes.
inline char delimiter_of(std::string_view source) {
  source.remove_prefix(std::min(source.find_first_not_of("\r\n"), source.size()));
  constexpr std::string_view candidates = ",;\t";
  std::size_t counts[candidates.size()] = {};
  bool quoted = false;
  for (const char c : source) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) break;
    if (const auto which = candidates.find(c); !quoted && which != candidates.npos) ++counts[which];
  }
  return candidates[static_cast<std::size_t>(std::ranges::max_element(counts) - counts)];
}

/// Records of a CSV file, one after the other. What goes wrong in libcsv's callbacks is thrown after it has returned.
class CsvRecords {
 public:
  explicit CsvRecords(char delimiter) {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }
  CsvRecords(const CsvRecords&) = delete;
  CsvRecords& operator=(const CsvRecords&) = delete;
  ~CsvRecords() { csv_free(&parser_); }

  /// Whether the source is a whole CSV file; what was read up to a fault is in `rows`.
  bool read(std::string_view source) {
    const bool whole = csv_parse(&parser_, source.data(), source.size(), add_field, end_row, this) == source.size() &&
                       csv_fini(&parser_, add_field, end_row, this) == 0;
    if (thrown_) std::rethrow_exception(thrown_);
    if (!whole && csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
    return whole;
  }

  std::vector<std::vector<std::string>> rows;

 private:
  template <class F>
  void guarded(const F& f) noexcept {
    if (thrown_) return;
    try {
      f();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  static void add_field(void* field, std::size_t size, void* self) {
    auto& records = *static_cast<CsvRecords*>(self);
    records.guarded([&] { records.row_.emplace_back(static_cast<const char*>(field), size); });
  }
  static void end_row(int, void* self) {
    auto& records = *static_cast<CsvRecords*>(self);
    records.guarded([&] { records.rows.push_back(std::exchange(records.row_, {})); });
  }

  csv_parser parser_;
  std::vector<std::string> row_;
  std::exception_ptr thrown_;
};

/// Whether bytes are text in UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
inline bool is_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  const auto is_between = [](unsigned byte, unsigned low, unsigned high) { return byte >= low && byte <= high; };
  for (std::size_t i = 0; i < bytes.size();) {
    const auto first = at(i++);
    if (first < 0x80) continue;
    if (!is_between(first, 0xC2, 0xF4)) return false;
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (!is_between(at(i++), low, high)) return false;
    for (int more = first >= 0xF0 ? 2 : first >= 0xE0 ? 1 : 0; more > 0; --more)
      if (!is_between(at(i++), 0x80, 0xBF)) return false;
  }
  return true;
}

/// In quotes where it holds what may be a delimiter, whichever the first line has most of, begins or ends with what
/// reading leaves out, or begins as a file that is no text.
inline void append_csv_field(std::string& line, const std::string& field) {
  const bool trimmed = field.starts_with(' ') || field.ends_with(' ') || field.starts_with(byte_order_mark);
  if (!trimmed && !field.starts_with(zip_mark) && field.find_first_of("\"\r\n,;\t") == field.npos) {
    line += field;
    return;
  }
  const std::size_t start = line.size();
  line.resize(start + 2 * field.size() + 2);
  line.resize(start + csv_write(&line[start], line.size() - start, field.data(), field.size()));
}

inline std::string csv_line(const std::vector<std::string>& fields, char delimiter) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += delimiter;
    append_csv_field(line, fields[i]);
  }
  if (line.empty()) line = "\"\"";  // for an empty line is no record
  return line + '\n';
}

/// Throws the FileError of names that are none, or no others'.
inline void check_names(const InputFile& file, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_utf8(names[i]))
      file.fail("names in UTF-8", text("other bytes in that of column ", i + 1), "save the table as UTF-8");
    if (names[i].empty())
      file.fail("a name for each column in the first line", text("none for column ", i + 1),
                "write one there, and leave out lines above it");
    if (!seen.insert(names[i]).second)
      file.fail("each name once", text("column \"", names[i], "\" twice"), "rename one of them");
  }
}

/// Throws the FileError of records that do not go with the names.
inline void check_records(const InputFile& file, const Table& table) {
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i].size() != table.names.size())
      file.fail(text(table.names.size(), " fields in each record, as the first line has names"),
                text(table.rows[i].size(), " in record ", i + 1),
                "put fields that hold the delimiter in quotes, and leave out lines above the names");
    if (!std::ranges::all_of(table.rows[i], is_utf8))
      file.fail("text in UTF-8", text("other bytes in record ", i + 1), "save the table as UTF-8");
  }
}

}  // namespace detail

/// Reads a CSV file whose first record has the names of the columns. Fields are separated by commas, semicolons or
/// tabs, whichever the first line has most of; those in quotes may hold anything; blanks around others, empty lines and
/// a byte order mark are left out. Text is UTF-8. Throws FileError, which names the record (from 1, the names not
/// counted), when the file cannot be read or is no such table.
inline Table read_csv(const std::filesystem::path& path) {
  InputFile file("read_csv", path);
  std::string source(static_cast<std::size_t>(file.left()), '\0');
  file.read(source.data(), source.size());
  if (source.starts_with(detail::zip_mark))
    file.fail("text", "a zip archive, as spreadsheets are", "save the sheet as CSV");
  std::string_view content = source;
  if (content.starts_with(detail::byte_order_mark)) content.remove_prefix(detail::byte_order_mark.size());

  Table table;
  table.delimiter = detail::delimiter_of(content);
  detail::CsvRecords records(table.delimiter);
  const bool whole = records.read(content);
  auto& rows = records.rows;
  if (!whole)
    file.fail("quotes around whole fields, and those inside doubled",
              rows.empty() ? std::string("others in the first line") : text("others in record ", rows.size()),
              "write \"a \"\"b\"\" c\" for a \"b\" c");
  if (rows.size() < 2)
    file.fail("a line of names and at least one record", rows.empty() ? "neither" : "the names alone",
              "write the columns' names first");
  table.names = std::move(rows.front());
  rows.erase(rows.begin());
  detail::check_names(file, table.names);
  table.rows = std::move(rows);
  detail::check_records(file, table);
  return table;
}

/// Writes a table as a CSV file, with quotes where they are needed. Whole or not at all. Throws InvalidArgument as
/// Table::validate, and FileError.
inline void write_csv(const std::filesystem::path& path, const Table& table) {
  table.validate();
  AtomicFile file("write_csv", path);
  const auto write = [&](const std::vector<std::string>& fields) {
    const auto line = detail::csv_line(fields, table.delimiter);
    file.write(line.data(), line.size());
  };
  write(table.names);
  for (const auto& row : table.rows) write(row);
  file.commit();
}

}  // namespace scorefield
