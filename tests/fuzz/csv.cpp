/// Fuzzes read_csv, and what columns are made of its fields.
#include "scorefield/file/csv.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "scorefield/data/table_columns.hpp"

#include "target.hpp"

namespace sf = scorefield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  file.hold({data, size});
  // A line of one character is a vector, in one that grows by doubling, and a string.
  const std::size_t most = 64 * 1024 + 128 * size;
  const auto read = [&] { return sf::fuzz::read_or_refuse(most, [] { return sf::read_csv(file.path()); }); };
  const auto table = read();
  if (!table) return 0;

  std::string written = sf::detail::csv_line(table->names, table->delimiter);
  for (const auto& row : table->rows) written += sf::detail::csv_line(row, table->delimiter);
  file.hold({reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
  const auto again = read();
  sf::fuzz::require(again.has_value(), "what is written is read");
  sf::fuzz::require(again->names == table->names && again->rows == table->rows, "what is written is the same");

  try {
    const auto columns = sf::TableColumns::recognise(*table);
    sf::fuzz::require(sf::TableColumns::from_state(columns.state()).state() == columns.state(), "columns come back");
    const auto decoded = columns.decode(columns.encode<double>(*table));
    sf::fuzz::require(decoded.rows.size() == table->rows.size(), "every record comes back");
  } catch (const sf::InvalidArgument&) {
  }
  return 0;
}
