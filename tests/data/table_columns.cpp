#include "scorefield/data/table_columns.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

const sf::Table people{
    {"city", "age", "height", "unit", "tiny"},
    {{"Bern", "36", "1.70", "m", "1e-9"}, {"Chur", "41", "1.8", "m", "2e-9"}, {"Bern", "29", "-0.05", "m", "4e-9"}}};

using Declared = std::map<std::string, std::string>;

sf::TableColumns of_fields(const std::vector<std::string>& fields, const std::string& kind = "") {
  sf::Table table{{"x"}, {}};
  for (const auto& field : fields) table.rows.push_back({field});
  return sf::TableColumns::recognise(table, kind.empty() ? Declared{} : Declared{{"x", kind}});
}

}  // namespace

TEST_CASE("columns are recognised", "[table]") {
  const auto columns = sf::TableColumns::recognise(people);
  CHECK(columns.description() ==
        "city: category of 2: Bern, Chur\n"
        "age: whole number, 29 to 41\n"
        "height: number of 2 decimals, -0.05 to 1.8\n"
        "unit: constant m\n"
        "tiny: number, 1e-09 to 4e-09\n");
  CHECK(columns.dimension() == 5);
  CHECK(columns.row_names() == std::vector<std::string>{"city=Bern", "city=Chur", "age", "height", "tiny"});
  CHECK(columns.unit_rows().size() == 5);
  CHECK(columns.unit_rows()[0].kind == sf::Row::any().kind);
  CHECK(columns.unit_rows()[2].kind == sf::Row::ranked().kind);
  CHECK(of_fields({"127.0", "91.0"}).description() == "x: whole number, 91 to 127\n");
  CHECK(of_fields({"+1", " 2 ", "3"}).description() == "x: whole number, 1 to 3\n");
  CHECK(of_fields({"0.1234567", "1"}).description() == "x: number, 0.123457 to 1\n");
  CHECK(of_fields({"01067", "4109"}).description() == "x: category of 2: 01067, 4109\n");
  CHECK(of_fields({"0.5", "0"}).description() == "x: number of 1 decimals, 0 to 0.5\n");
  CHECK(of_fields({"a", "b", "3"}).description() == "x: category of 3: 3, a, b\n");
  CHECK(of_fields({"a", "4", "3", "b"}).dimension() == 4);  // half are not most
  CHECK(of_fields({"", ""}).description() == "x: constant \n");
}

TEST_CASE("the user's word decides on a column's kind", "[table]") {
  CHECK(of_fields({"1", "2"}, "category").dimension() == 2);
  CHECK(of_fields({"1", "2"}, "number").description() == "x: number, 1 to 2\n");
  CHECK(of_fields({"1.5", "2"}, "number").description() == "x: number of 1 decimals, 1.5 to 2\n");
  CHECK(of_fields({"1.00", "2"}, "whole").description() == "x: whole number, 1 to 2\n");
  CHECK(of_fields({"NA", "2"}, "category").dimension() == 2);
  CHECK_THROWS_WITH(of_fields({"1", "2.5"}, "whole"), contains("whole number") && contains("\"2.5\" in record 2"));
  CHECK_THROWS_WITH(of_fields({"1", "b"}, "number"), contains("\"b\" in record 2, column \"x\""));
  CHECK_THROWS_WITH(of_fields({"1", "2"}, "constant"), contains("\"1\" in all records"));
  CHECK_THROWS_WITH(of_fields({"1", "2"}, "colour"), contains("number, whole, category or constant"));
  CHECK_THROWS_WITH(sf::TableColumns::recognise(people, {{"wage", "number"}}), contains("\"wage\""));
}

TEST_CASE("what is missing or out of place is named by record and column", "[table]") {
  for (const std::string missing : {"", "NA", "n/a", "NaN", "Null", "None", "?"})
    CHECK_THROWS_WITH(of_fields({"1", "2", missing}), contains("in record 3, column \"x\"") && contains("fill it in"));
  CHECK_THROWS_WITH(of_fields({"a", "", ""}), contains("nothing in record 2") && contains("of 3 records 2"));
  CHECK_THROWS_WITH(of_fields({"1,5", "2,5"}), contains("\"1,5\"") && contains("write 1.5 for 1,5"));
  CHECK_THROWS_WITH(of_fields({"1", "2", "x3"}), contains("\"x3\" in record 3"));
  CHECK_THROWS_WITH(of_fields({"1", "2", "inf"}), contains("\"inf\" in record 3"));
  std::vector<std::string> names;
  for (int i = 0; i < 101; ++i) names.push_back("name " + std::to_string(i));
  CHECK_THROWS_WITH(of_fields(names), contains("at most 100 words") && contains("101"));
  names.pop_back();
  CHECK(of_fields(names).dimension() == 100);
  CHECK_THROWS_WITH(sf::TableColumns::recognise({{"x"}, {}}), contains("at least one record"));
}

TEMPLATE_TEST_CASE("a table is a matrix, and again the table", "[table]", float, double) {
  const auto columns = sf::TableColumns::recognise(people);
  const auto matrix = columns.encode<TestType>(people);
  CHECK(matrix.topRows(4) ==
        sf::Matrix<TestType>{{1, 0, 1}, {0, 1, 0}, {36, 41, 29}, {TestType(1.7), TestType(1.8), TestType(-0.05)}});
  const auto again = columns.decode(matrix);
  CHECK(again.names == people.names);
  CHECK(again.rows[0] == std::vector<std::string>{"Bern", "36", "1.70", "m", "1e-09"});
  CHECK(again.rows[2] == std::vector<std::string>{"Bern", "29", "-0.05", "m", "4e-09"});
}

TEST_CASE("samples are rounded as the data are, and stay in their range", "[table]") {
  const auto columns = sf::TableColumns::recognise(people);
  const sf::Matrix<float> samples{{0.2f, 0.9f}, {0.4f, -3}, {35.4f, 1000}, {-0.001f, -7}, {1e-9f, 1}};
  const auto table = columns.decode(samples);
  CHECK(table.rows[0] == std::vector<std::string>{"Chur", "35", "0.00", "m", "1e-09"});
  CHECK(table.rows[1] == std::vector<std::string>{"Bern", "41", "-0.05", "m", "4e-09"});
  sf::Matrix<float> other(4, 1), bad = samples;
  CHECK_THROWS_AS(columns.decode(other), sf::InvalidArgument);
  CHECK_THROWS_AS(columns.dequantise(other, sf::Seed{0}), sf::InvalidArgument);
  CHECK_THROWS_AS(columns.positions(other), sf::InvalidArgument);
  bad(2, 1) = std::nanf("");
  CHECK_THROWS_AS(columns.decode(bad), sf::NonFinite);
  CHECK(columns.positions(samples) == sf::Matrix<float>{{1, 0}, {35.4f, 1000}, {-0.001f, -7}, {1e-9f, 1}});
  CHECK(columns.position_names() == std::vector<std::string>{"city", "age", "height", "tiny"});
}

TEST_CASE("dequantised numbers are rounded to what they were, and spread evenly", "[table]") {
  sf::Table table{{"word", "n", "whole"}, {}};
  for (int i = 0; i < 4000; ++i)
    table.rows.push_back({i % 2 == 0 ? "a" : "b", i % 4 < 2 ? "0.1" : "0.2", i % 8 < 4 ? "3" : "5"});
  const auto columns = sf::TableColumns::recognise(table);
  const auto exact = columns.encode<double>(table);
  auto spread = exact;
  columns.dequantise(spread, sf::Seed{3});
  CHECK(spread.topRows(2) == exact.topRows(2));
  const sf::Vector<double> errors = (spread - exact).row(2);
  CHECK(errors.cwiseAbs().maxCoeff() <= 0.05 + 1e-12);
  CHECK(std::abs(errors.mean()) < 5 * 0.1 / std::sqrt(12 * 4000.0));  // five deviations of a mean of uniform numbers
  CHECK(errors.squaredNorm() / 4000 == Catch::Approx(0.01 / 12).epsilon(0.1));
  const sf::Vector<double> of_whole = (spread - exact).row(3);
  CHECK(of_whole.cwiseAbs().maxCoeff() <= 0.5);
  CHECK(of_whole.squaredNorm() / 4000 == Catch::Approx(1.0 / 12).epsilon(0.1));
  CHECK(columns.decode(spread).rows == table.rows);
  auto other = exact;
  columns.dequantise(other, sf::Seed{4});
  CHECK(other != spread);
}

TEST_CASE("columns are kept as text", "[table]") {
  auto table = people;
  table.names[0] = "a tab\t, a \\ and\na line";
  table.rows[0][0] = "\tBern\\\n";
  table.delimiter = ';';
  const auto columns = sf::TableColumns::recognise(table);
  const auto again = sf::TableColumns::from_state(columns.state());
  CHECK(again.state() == columns.state());
  CHECK(again.names() == table.names);
  CHECK(again.decode(again.encode<double>(table)).rows[0][0] == "\tBern\\\n");
  CHECK(again.decode(again.encode<double>(table)).delimiter == ';');
  CHECK(sf::TableColumns::from_state(sf::TableColumns{}.state()).dimension() == 0);
  for (const std::string bad :
       {"", ",", ",\nnumber\t0\t0\t1\n", ",\nnumber\t7\t0\t1\tx\n", ",\nnumber\t0\t1\t0\tx\n",
        ",\ncategory\t0\t0\t0\tx\n", ",\nwhat\t0\t0\t1\tx\n", "|\nnumber\t0\t0\t1\tx\n", ",\nnumber\t0.5\t0\t1\tx\n",
        ",\nconstant\t0\t0\t0\tx\ta\tb\n", ",\ncategory\t0\t0\t0\tx\tb\ta\n",
        ",\nnumber\t0\t0\t1\tx\nnumber\t0\t0\t1\tx\n", ",\nnumber\t0\t0\t1\tx"})
    CHECK_THROWS_AS(sf::TableColumns::from_state(bad), sf::InvalidArgument);
}

TEST_CASE("columns are chosen by name", "[table]") {
  const auto chosen = people.select({"age", "city"});
  CHECK(chosen.names == std::vector<std::string>{"age", "city"});
  CHECK(chosen.rows[1] == std::vector<std::string>{"41", "Chur"});
  CHECK_THROWS_WITH(people.select({"wage"}), contains("city, age, height, unit, tiny") && contains("\"wage\""));
  const auto columns = sf::TableColumns::recognise(people).select({"height", "city"});
  CHECK(columns.row_names() == std::vector<std::string>{"height", "city=Bern", "city=Chur"});
  CHECK_THROWS_WITH(columns.encode<float>(people), contains("height, city") && contains("tiny"));
  CHECK_THROWS_AS(columns.encode<float>(sf::Table{{"height, city"}, {{"1"}}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(columns.encode<float>(sf::Table{{"height", "city"}, {{"1"}}}), contains("1 in record 1"));
  CHECK_THROWS_WITH(columns.encode<float>(sf::Table{{"height", "city"}, {{"1e300", "Bern"}}}), contains("1e300"));
  CHECK_THROWS_WITH((sf::Table{{}, {}}.select({"a"})), contains("there is none"));
  CHECK_THROWS_WITH((sf::Table{{"a", "a"}, {}}.select({"a"})), contains("one twice"));
  CHECK(sf::Table{{"a", "b"}, {{"1", "2"}, {"", "3"}, {"4", "NA"}}}.complete().rows ==
        std::vector<std::vector<std::string>>{{"1", "2"}});
  sf::Table unknown{{"height", "city"}, {{"1", "Bonn"}}};
  CHECK_THROWS_WITH(columns.encode<float>(unknown), contains("\"Bonn\" in record 1") && contains("Bern, Chur"));
}
