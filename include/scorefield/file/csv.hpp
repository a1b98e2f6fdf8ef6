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

/// The one of comma, semicolon and tab that stands most often in the first line, outside of quotes.
inline char delimiter_of(std::string_view source) {
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

/// Whether bytes are text in UTF-8: each first byte is followed by as many others as it says.
inline bool is_utf8(std::string_view bytes) {
  int following = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (following > 0 ? byte >> 6 != 0b10 : byte >= 0x80 && (byte < 0xC2 || byte > 0xF4)) return false;
    following = following > 0 ? following - 1 : byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0x80 ? 1 : 0;
  }
  return following == 0;
}

/// In quotes where it holds what may be a delimiter, whichever the first line has most of, or begins or ends with what
/// reading leaves out.
inline void append_csv_field(std::string& line, const std::string& field) {
  const bool trimmed = field.starts_with(' ') || field.ends_with(' ') || field.starts_with(byte_order_mark);
  if (!trimmed && field.find_first_of("\"\r\n,;\t") == field.npos) {
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

}  // namespace detail

/// Reads a CSV file whose first record has the names of the columns. Fields are separated by commas, semicolons or
/// tabs, whichever the first line has most of; those in quotes may hold anything; blanks around others, empty lines and
/// a byte order mark are left out. Text is UTF-8. Throws FileError, which names the record (from 1, the names not
/// counted), when the file cannot be read or is no such table.
inline Table read_csv(const std::filesystem::path& path) {
  InputFile file("read_csv", path);
  std::string source(static_cast<std::size_t>(file.left()), '\0');
  file.read(source.data(), source.size());
  std::string_view content = source;
  if (content.starts_with(detail::byte_order_mark)) content.remove_prefix(detail::byte_order_mark.size());

  Table table;
  table.delimiter = detail::delimiter_of(content);
  detail::CsvRecords records(table.delimiter);
  const bool whole = records.read(content);
  auto& rows = records.rows;
  if (!whole)
    file.fail("quotes around whole fields, and those inside doubled",
              rows.empty() ? std::string("others in the first line") : text("others after record ", rows.size() - 1),
              "write \"a \"\"b\"\" c\" for a \"b\" c");
  if (rows.size() < 2)
    file.fail("a line of names and at least one record", text(rows.size(), " lines"), "write the columns' names first");
  table.names = std::move(rows.front());
  rows.erase(rows.begin());
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    const auto& name = table.names[i];
    if (!detail::is_utf8(name))
      file.fail("names in UTF-8", text("other bytes in that of column ", i + 1), "save the table as UTF-8");
    if (name.empty())
      file.fail("a name for each column", text("none for column ", i + 1), "write one into the first line");
    if (!seen.insert(name).second)
      file.fail("names that are each there once", text("column \"", name, "\" twice"), "rename one of them");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::ranges::all_of(rows[i], detail::is_utf8))
      file.fail("text in UTF-8", text("other bytes in record ", i + 1), "save the table as UTF-8");
    if (rows[i].size() != table.names.size())
      file.fail(text(table.names.size(), " fields in each record"), text(rows[i].size(), " in record ", i + 1),
                "a field that holds the delimiter is put in quotes");
  }
  table.rows = std::move(rows);
  return table;
}

/// Writes a table as a CSV file, with quotes where they are needed. Whole or not at all. Throws FileError.
inline void write_csv(const std::filesystem::path& path, const Table& table) {
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
