#include "scorefield/file/safetensors.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
using scorefield::test::bytes_of;
using scorefield::test::contains;
using scorefield::test::Folder;
using scorefield::test::put;

namespace {

template <class T>
using Numbers = Eigen::Matrix<T, Eigen::Dynamic, 1>;

std::string little_endian(std::uint64_t value) {
  std::string all;
  for (int byte = 0; byte < 8; ++byte, value >>= 8) all += static_cast<char>(value & 0xFF);
  return all;
}

std::string file_of(const std::string& header, const std::string& numbers) {
  return little_endian(header.size()) + header + numbers;
}

}  // namespace

TEST_CASE("tensors and metadata come back from their file, 64-bit integers exactly", "[io]") {
  const Folder folder("safetensors");
  const auto path = folder.path / "a.safetensors";
  sf::Tensors tensors;
  tensors.metadata = {{"format", "pt"}, {"note", "\"quoted\", \xC3\xA9, \n"}, {"", ""}};
  const sf::Vector<float> floats = sf::Vector<float>::Random(5);
  const sf::Vector<double> doubles = sf::Vector<double>::Random(6);
  Numbers<std::uint64_t> unsigned_numbers(2);
  unsigned_numbers << std::numeric_limits<std::uint64_t>::max(), (std::uint64_t{1} << 53) + 1;
  Numbers<std::int64_t> signed_numbers(2);
  signed_numbers << std::numeric_limits<std::int64_t>::lowest(), -(std::int64_t{1} << 53) - 1;
  const Numbers<std::uint8_t> odd = Numbers<std::uint8_t>::Constant(3, 200);
  tensors.add("a.odd", {3}, odd);
  tensors.add("b.floats", {5, 1}, floats);
  tensors.add("doubles", {2, 3}, doubles);
  tensors.add("unsigned", {2}, unsigned_numbers);
  tensors.add("signed", {2}, signed_numbers);
  tensors.add("none", {0}, sf::Vector<float>(0));
  tensors.add("one", {}, Numbers<std::int64_t>::Constant(1, 42));
  sf::write_safetensors(path, tensors);
  CHECK(folder.entries() == 1);

  const auto back = sf::read_safetensors(path);
  CHECK(back.metadata == tensors.metadata);
  CHECK(back.all().size() == 7);
  CHECK(back.get<std::uint8_t>("a.odd", {3}) == odd);
  CHECK(back.get<float>("b.floats", {5, 1}) == floats);
  CHECK(back.get<double>("doubles", {2, 3}) == doubles);
  CHECK(back.get<std::uint64_t>("unsigned", {2}) == unsigned_numbers);
  CHECK(back.get<std::int64_t>("signed", {2}) == signed_numbers);
  CHECK(back.get<float>("none", {0}).size() == 0);
  CHECK(back.get<std::int64_t>("one", {})[0] == 42);
}

TEST_CASE("a file is what the format says, its numbers at multiples of their size", "[io]") {
  const Folder folder("safetensors_layout");
  const auto path = folder.path / "a.safetensors";
  sf::Tensors tensors;
  tensors.add("a", {1}, Numbers<std::uint8_t>::Constant(1, 'x'));
  tensors.add("b", {1}, Numbers<std::uint32_t>::Constant(1, 0x64636261));
  tensors.metadata["k"] = "v";
  sf::write_safetensors(path, tensors);
  std::string header = R"({"__metadata__":{"k":"v"},"a":{"data_offsets":[4,5],"dtype":"U8","shape":[1]},)"
                       R"("b":{"data_offsets":[0,4],"dtype":"U32","shape":[1]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  CHECK(bytes_of(path) == file_of(header, "abcdx"));

  sf::write_safetensors(path, {});
  CHECK(bytes_of(path) == file_of("{}      ", ""));
  CHECK(sf::read_safetensors(path).all().empty());
}

TEST_CASE("a file of another program is read, with types that C++ has no numbers for", "[io]") {
  const Folder folder("safetensors_other");
  const auto path = folder.path / "a.safetensors";
  put(path, file_of(R"({"z":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0],)"
                    R"("data_offsets":[4,4]},"a":{"dtype":"BOOL","shape":[1,2],"data_offsets":[4,6]}}   )",
                    "zzzzaa"));
  const auto tensors = sf::read_safetensors(path);
  REQUIRE(tensors.all().size() == 3);
  CHECK(tensors.all().at("z").type == "BF16");
  CHECK(tensors.all().at("z").bytes == std::vector(4, std::byte{'z'}));
  CHECK(tensors.all().at("a").shape == std::vector<sf::Index>{1, 2});
  CHECK(tensors.all().at("a").bytes == std::vector(2, std::byte{'a'}));
  CHECK(tensors.metadata.empty());
  CHECK_THROWS_WITH(tensors.get<std::uint8_t>("a", {1, 2}), contains("got BOOL (1, 2)"));
}

TEST_CASE("a safetensors file at fault is refused, and the tensor is named", "[io]") {
  const Folder folder("safetensors_faults");
  const auto path = folder.path / "a.safetensors";
  const auto refusal = [&](const std::string& bytes) {
    put(path, bytes);
    std::string message;
    try {
      sf::read_safetensors(path);
    } catch (const sf::FileError& error) {
      message = error.what();
    }
    return message;
  };
  const std::string good = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::string numbers(8, '\0');
  CHECK(refusal(file_of(good, numbers)).empty());

  CHECK_THAT(refusal(""), contains("read_safetensors: expected 8 bytes more in " + path.string() + ", got 0"));
  CHECK_THAT(refusal(file_of(good, numbers).substr(0, 20)),
             contains("expected a header of at most 12 bytes in " + path.string() + ", got 54"));
  CHECK_THAT(refusal(little_endian(~std::uint64_t{0}) + "{}"), contains("got 18446744073709551615"));
  put(path, little_endian(100'000'001));
  std::filesystem::resize_file(path, 200'000'000);  // of which the disk holds nothing
  CHECK_THROWS_WITH(sf::read_safetensors(path), contains("expected a header of at most 100000000 bytes"));

  for (const std::string& header : {std::string(), std::string("[]"), std::string("{"), std::string(R"({"w":})"),
                                    ' ' + good, good + '\0', good + "{}", std::string("{\"\xFF\":1}")}) {
    CAPTURE(header);
    CHECK_THAT(refusal(file_of(header, numbers)), contains("expected a header in JSON in " + path.string()));
  }
  CHECK_THAT(refusal(file_of("{\"w\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", "")),
             contains("no deeper than three"));

  CHECK_THAT(refusal(file_of(R"({"w":{"shape":[[]]}})", "")), contains("no deeper than three"));

  const auto fault = [&](const std::string& about) { return refusal(file_of("{\"w\":" + about + "}", numbers)); };
  for (const std::string about :
       {"1", "{}", "[]", R"({"dtype":"F32","shape":[2]})", R"({"dtype":"F32","data_offsets":[0,8]})",
        R"({"shape":[2],"data_offsets":[0,8]})", R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1})"})
    CHECK_THAT(fault(about), contains("dtype, shape and data_offsets alone for \"w\""));
  for (const std::string type : {"1", "\"F31\"", "\"f32\"", "\"F4\"", "null"})
    CHECK_THAT(fault(R"({"dtype":)" + type + R"(,"shape":[2],"data_offsets":[0,8]})"),
               contains("a dtype of whole bytes that is known for \"w\" in " + path.string() + ", got " + type));
  for (const std::string shape : {"[-2]", "[2.0]", "[\"2\"]", "[9223372036854775808]", "[99999999999999999999]"})
    CHECK_THAT(fault(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,8]})"),
               contains("sizes that are integers from 0 on for \"w\""));
  CHECK_THAT(fault(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})"), contains("a list of sizes for \"w\""));
  for (const std::string offsets : {"[0]", "[0,8,8]", "[8,0]", "[0,9]", "[0,9223372036854775807]"})
    CHECK_THAT(fault(R"({"dtype":"F32","shape":[2],"data_offsets":)" + offsets + "}"),
               contains("data_offsets [begin, end] of up to 8 bytes for \"w\""));
  for (const std::string shape :
       {"[]", "[1]", "[3]", "[2,2]", "[2,0]", "[9223372036854775807,2]", "[4611686018427387904,4611686018427387904]"})
    CHECK_THAT(fault(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,8]})"),
               contains("as many bytes as F32 ("));

  const auto two = [&](const std::string& first, const std::string& second) {
    return refusal(
        file_of(R"({"v":{"dtype":"U8","shape":)" + first + R"(},"w":{"dtype":"U8","shape":)" + second + "}}", numbers));
  };
  CHECK(two(R"([3],"data_offsets":[5,8])", R"([5],"data_offsets":[0,5])").empty());
  CHECK_THAT(two(R"([5],"data_offsets":[0,5])", R"([4],"data_offsets":[4,8])"),
             contains("numbers from byte 5 on, where those before end for \"w\" in " + path.string() + ", got 4"));
  CHECK_THAT(two(R"([3],"data_offsets":[0,3])", R"([4],"data_offsets":[4,8])"), contains("for \"w\""));
  CHECK_THAT(two(R"([4],"data_offsets":[1,5])", R"([3],"data_offsets":[5,8])"), contains("for \"v\""));
  CHECK_THAT(two(R"([3],"data_offsets":[0,3])", R"([4],"data_offsets":[3,7])"),
             contains("expected 7 bytes of numbers in " + path.string() + ", got 8"));

  const std::string about = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK_THAT(refusal(file_of(R"({"w":)" + about + R"(,"w":)" + about + '}', numbers)),
             contains("expected one entry for \"w\" in " + path.string() + ", got two"));
  CHECK_THAT(fault(R"({"dtype":"F64","dtype":"F32","shape":[2],"data_offsets":[0,8]})"),
             contains("one entry for \"dtype\""));
  CHECK_THAT(refusal(file_of(R"({"__metadata__":1})", "")), contains("an object of strings for \"__metadata__\""));
  CHECK_THAT(refusal(file_of(R"({"__metadata__":{"k":1}})", "")), contains("a string for \"k\""));
}

TEST_CASE("a header takes no longer than its entries", "[io]") {
  const Folder folder("safetensors_time");
  const auto path = folder.path / "a.safetensors";
  std::string entries;
  for (int i = 0; i < 300'000; ++i) entries += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":{}";
  put(path, file_of("{" + entries + "}", ""));
  const auto start = std::clock();
  CHECK_THROWS_AS(sf::read_safetensors(path), sf::FileError);
  // It takes a third of a second of the processor, and where each entry looks at all before it 4.5e10 looks.
  CHECK((std::clock() - start) / CLOCKS_PER_SEC < 60);
}

TEST_CASE("tensors that cannot be written or read are reported with path and reason", "[io]") {
  const Folder folder("safetensors_missing");
  const auto path = folder.path / "missing" / "a.safetensors";
  CHECK_THROWS_AS(sf::write_safetensors(path, {}), sf::FileError);
  CHECK_THROWS_WITH(sf::write_safetensors(path, {}), contains("write_safetensors: expected to write " + path.string()));
  CHECK_THROWS_WITH(sf::read_safetensors(path), contains("read_safetensors: expected to read " + path.string()));
  sf::Tensors tensors;
  tensors.metadata["k"] = "\xFF";
  CHECK_THROWS_AS(sf::write_safetensors(folder.path / "a.safetensors", tensors), sf::InvalidArgument);
  CHECK(folder.entries() == 0);
}
