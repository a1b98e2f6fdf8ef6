#include "scorefield/file/csv.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
using scorefield::test::bytes_of;
using scorefield::test::contains;
using scorefield::test::Folder;
using scorefield::test::put;

namespace {

using Rows = std::vector<std::vector<std::string>>;

sf::Table read_source(const std::string& source) {
  const Folder folder("csv");
  put(folder.path / "table.csv", source);
  return sf::read_csv(folder.path / "table.csv");
}

}  // namespace

TEST_CASE("a table is read with its names", "[csv]") {
  const auto table = read_source("name,age\nAda,36\nAlan,41\n");
  CHECK(table.names == std::vector<std::string>{"name", "age"});
  CHECK(table.rows == Rows{{"Ada", "36"}, {"Alan", "41"}});
  CHECK(table.delimiter == ',');
}

TEST_CASE("quotes, blanks, line ends and a byte order mark are as other programs have them", "[csv]") {
  CHECK(read_source("a,b\n\"x, y\",\"say \"\"so\"\"\"\n").rows == Rows{{"x, y", "say \"so\""}});
  CHECK(read_source("a,b\n\"two\nlines\",2\n").rows == Rows{{"two\nlines", "2"}});
  CHECK(read_source("a,b\r\n1,2\r\n\r\n3,4").rows == Rows{{"1", "2"}, {"3", "4"}});
  CHECK(read_source("a,b\n 1 ,\" 2 \"\n").rows == Rows{{"1", " 2 "}});
  CHECK(read_source("\xEF\xBB\xBF"
                    "a,b\n1,2\n")
            .names == std::vector<std::string>{"a", "b"});
  CHECK(read_source("a\n1\n").rows == Rows{{"1"}});
  CHECK(read_source("a,b\n,2\n").rows == Rows{{"", "2"}});
}

TEST_CASE("the delimiter is the one that the first line has most of", "[csv]") {
  const auto semicolons = read_source("a;b\n1,5;2\n");
  CHECK(semicolons.delimiter == ';');
  CHECK(semicolons.rows == Rows{{"1,5", "2"}});
  CHECK(read_source("a\tb\n1\t2\n").delimiter == '\t');
  CHECK(read_source("\r\n\na;b\n1;2\n").rows == Rows{{"1", "2"}});
  CHECK(read_source("\"a;;;\",b\n1,2\n").names == std::vector<std::string>{"a;;;", "b"});
}

TEST_CASE("what is written is read again", "[csv]") {
  const Folder folder("csv_written");
  for (const char delimiter : {',', ';', '\t'}) {
    const sf::Table table{{"plain", "with, comma", "with \"quotes\""},
                          {{"1", "a;b", "x\ty"}, {" blanks ", "two\nlines", ""}, {"\"", "\r", ","}},
                          delimiter};
    sf::write_csv(folder.path / "table.csv", table);
    const auto read = sf::read_csv(folder.path / "table.csv");
    CHECK(read.names == table.names);
    CHECK(read.rows == table.rows);
    CHECK(read.delimiter == delimiter);
  }
  sf::write_csv(folder.path / "plain.csv", {{"a", "b"}, {{"1.5", "x y"}}});
  CHECK(bytes_of(folder.path / "plain.csv") == "a,b\n1.5,x y\n");
  sf::write_csv(folder.path / "empty.csv", {{"a"}, {{""}, {"1"}}});
  CHECK(sf::read_csv(folder.path / "empty.csv").rows == Rows{{""}, {"1"}});
  for (const char* mark : {"\xEF\xBB\xBF", "PK\x03\x04"}) {
    sf::write_csv(folder.path / "mark.csv", {{mark}, {{"1"}}});
    CHECK(sf::read_csv(folder.path / "mark.csv").names == std::vector<std::string>{mark});
  }
}

TEST_CASE("what is no table is refused, and the record named", "[csv]") {
  CHECK_THROWS_WITH(read_source("a,b\n1,2\n3\n"), contains("2 fields in each record") && contains("1 in record 2"));
  CHECK_THROWS_WITH(read_source("a,b\n1,2\n3,\"4\n"), contains("quotes") && contains("in record 2"));
  CHECK_THROWS_WITH(read_source("a,\"b\"c\n1,2\n"), contains("in the first line"));
  CHECK_THROWS_WITH(read_source("a,a\n1,2\n"), contains("column \"a\" twice"));
  CHECK_THROWS_WITH(read_source("a,\n1,2\n"), contains("none for column 2"));
  CHECK_THROWS_WITH(read_source("a,b\n"), contains("the names alone"));
  CHECK_THROWS_WITH(read_source(""), contains("neither"));
  CHECK_THROWS_WITH(read_source("a,b\n1,caf\xE9\n"), contains("UTF-8") && contains("record 1"));
  CHECK_THROWS_WITH(read_source("caf\xE9,b\n1,2\n"), contains("UTF-8") && contains("column 1"));
  CHECK_THROWS_WITH(read_source("PK\x03\x04zip"), contains("save the sheet as CSV"));
  const Folder folder("csv_refused");
  CHECK_THROWS_WITH(sf::write_csv(folder.path / "t.csv", {{"a", "b"}, {{"1"}}}), contains("1 in record 1"));
  CHECK_THROWS_WITH(sf::write_csv(folder.path / "t.csv", {{"a", "a"}, {}}), contains("a name of its own"));
  CHECK_THROWS_WITH(sf::write_csv(folder.path / "t.csv", {{"a"}, {{"1"}}, '|'}), contains("delimiter"));
  CHECK(folder.entries() == 0);
  CHECK_THROWS_AS(sf::read_csv("no such file.csv"), sf::FileError);
}

TEST_CASE("text is UTF-8 to the letter", "[csv]") {
  using sf::detail::is_utf8;
  for (const char* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(good));
  for (const char* bad : {"\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE1\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF1\x80\x80"})
    CHECK(!is_utf8(bad));
}
