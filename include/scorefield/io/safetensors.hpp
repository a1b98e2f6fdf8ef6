/// Tensors as safetensors files (https://github.com/huggingface/safetensors), which Python reads and writes: the one
/// header that needs nlohmann-json.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/io/atomic_file.hpp"
#include "scorefield/io/byte_order.hpp"
#include "scorefield/io/input_file.hpp"
#include "scorefield/io/shape.hpp"
#include "scorefield/io/tensors.hpp"

namespace scorefield {
namespace detail {

/// What the header says of one tensor.
struct SafetensorsEntry {
  std::string name;
  std::string type;
  std::vector<Index> shape;
  Index begin, end;  // bytes, from the end of the header on
};

/// The header of a file that is being read, of which every part is checked.
class SafetensorsHeader {
 public:
  /// Reads up to the first number of a tensor.
  explicit SafetensorsHeader(InputFile& file) : file_(file) {
    std::array<std::byte, 8> start{};
    file.read(start.data(), start.size());
    convert_order(start, start.size(), std::endian::little);
    const auto length = std::bit_cast<std::uint64_t>(start);
    const auto most = std::min<std::uintmax_t>(file.left(), 100'000'000);  // the latter by the format
    if (length > most)
      file.fail(text("a header of at most ", most, " bytes"), text(length),
                "it is no safetensors file, or was cut off");
    std::string source(static_cast<std::size_t>(length), ' ');
    file.read(source.data(), source.size());
    parse(source);
  }

  /// In the order of their numbers in the file, of which they take every byte.
  std::vector<SafetensorsEntry> entries() const {
    std::vector<SafetensorsEntry> all;
    for (const auto& [name, about] : json_.items())
      if (name != "__metadata__") all.push_back(entry(name, about));
    std::ranges::sort(all, {}, [](const auto& one) { return std::pair(one.begin, one.end); });
    Index taken = 0;
    for (const auto& one : all) {
      if (one.begin != taken)
        fail(one.name, text("numbers from byte ", taken, " on, where those before end"), text(one.begin));
      taken = one.end;
    }
    if (static_cast<std::uintmax_t>(taken) != file_.left())
      file_.fail(text(taken, " bytes of numbers"), text(file_.left()), "the file was cut off or changed");
    return all;
  }

  std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> strings;
    const auto found = json_.find("__metadata__");
    if (found == json_.end()) return strings;
    if (!found->is_object()) fail("__metadata__", "an object of strings", found->dump());
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string()) fail("__metadata__", text("a string for \"", key, '"'), value.dump());
      strings.emplace(key, value.get<std::string>());
    }
    return strings;
  }

 private:
  using Json = nlohmann::json;

  /// Refuses keys that stand twice and nesting that no header has, which the parser would let pass. That has a callback
  /// for them, but then takes a time by the square of the number of entries.
  class Strictness : public nlohmann::json_sax<Json> {
   public:
    explicit Strictness(const SafetensorsHeader& header) : header_(header) {}

    bool start_object(std::size_t) override {
      keys_.emplace_back();
      return enter();
    }
    bool key(std::string& name) override {
      if (!keys_.back().insert(name).second) header_.fail(name, "one entry", "two");
      return true;
    }
    bool end_object() override {
      keys_.pop_back();
      return leave();
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(std::int64_t) override { return true; }
    bool number_unsigned(std::uint64_t) override { return true; }
    bool number_float(double, const std::string&) override { return true; }
    bool string(std::string&) override { return true; }
    bool binary(Json::binary_t&) override { return true; }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

   private:
    bool enter() {
      if (++depth_ > 3)
        header_.file_.fail("lists and objects in a header no deeper than three", "more", "it was badly written");
      return true;
    }
    bool leave() { return --depth_, true; }

    const SafetensorsHeader& header_;
    std::vector<std::set<std::string>> keys_;  // of the objects around the place that is being read
    int depth_ = 0;
  };

  [[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& got) const {
    file_.fail(text(expected, " for \"", name, '"'), got.substr(0, 200),
               "the file was cut off, changed or badly written");
  }

  void parse(const std::string& source) {
    // The parser would take a zero for the end.
    if (!source.starts_with('{') || source.find('\0') != source.npos)
      file_.fail("a header in JSON", "something else", "it is no safetensors file");
    try {
      Strictness strictness(*this);
      Json::sax_parse(source, &strictness);
      json_ = Json::parse(source);
    } catch (const Json::exception& error) {
      file_.fail("a header in JSON", error.what(), "the file was cut off, changed or badly written");
    }
  }

  SafetensorsEntry entry(const std::string& name, const Json& about) const {
    if (!about.is_object() || about.size() != 3 || !about.contains("dtype") || !about.contains("shape") ||
        !about.contains("data_offsets"))
      fail(name, "dtype, shape and data_offsets alone", about.dump());
    const Json& type = about["dtype"];
    const auto size = type.is_string() ? static_cast<Index>(number_size(type.get<std::string>())) : 0;
    if (size == 0) fail(name, "a dtype of whole bytes that is known", type.dump());
    auto shape = sizes(name, about["shape"]);
    const auto offsets = sizes(name, about["data_offsets"]);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<std::uintmax_t>(offsets[1]) > file_.left())
      fail(name, text("data_offsets [begin, end] of up to ", file_.left(), " bytes"), about["data_offsets"].dump());
    const auto bytes = checked_product(shape, size);
    if (!bytes || *bytes != offsets[1] - offsets[0])
      fail(name, text("as many bytes as ", type.get<std::string>(), ' ', shape_text(shape), " takes"),
           text(offsets[1] - offsets[0]));
    return {name, type.get<std::string>(), std::move(shape), offsets[0], offsets[1]};
  }

  std::vector<Index> sizes(const std::string& name, const Json& list) const {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    std::vector<Index> all;
    if (!list.is_array()) fail(name, "a list of sizes", list.dump());
    for (const Json& size : list) {
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() > most)
        fail(name, "sizes that are integers from 0 on", list.dump());
      all.push_back(static_cast<Index>(size.get<std::uint64_t>()));
    }
    return all;
  }

  InputFile& file_;
  Json json_;
};

}  // namespace detail

/// Writes tensors and metadata as a safetensors file. Throws InvalidArgument when a name or metadata is not UTF-8;
/// FileError; and then leaves what was at `path`.
inline void write_safetensors(const std::filesystem::path& path, const Tensors& tensors) {
  // Wide numbers first, so that all stand at multiples of their size.
  std::vector<std::reference_wrapper<const std::pair<const std::string, Tensor>>> order(tensors.all().begin(),
                                                                                        tensors.all().end());
  std::ranges::stable_sort(order, std::greater{},
                           [](const auto& one) { return detail::number_size(one.get().second.type); });
  auto header = nlohmann::json::object();
  if (!tensors.metadata.empty()) header["__metadata__"] = tensors.metadata;
  std::size_t end = 0;
  for (const auto& one : order) {
    const auto& [name, tensor] = one.get();
    const std::size_t begin = std::exchange(end, end + tensor.bytes.size());
    header[name] = {{"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string source;
  try {
    source = header.dump();
  } catch (const nlohmann::json::exception& error) {
    throw InvalidArgument("write_safetensors", "names and metadata in UTF-8", error.what(), "choose plain names");
  }
  source.resize((source.size() + 7) / 8 * 8, ' ');
  auto start = std::bit_cast<std::array<std::byte, 8>>(std::uint64_t{source.size()});
  detail::convert_order(start, start.size(), std::endian::little);

  AtomicFile file("write_safetensors", path);
  file.write(start.data(), start.size());
  file.write(source.data(), source.size());
  for (const auto& one : order) file.write(one.get().second.bytes.data(), one.get().second.bytes.size());
  file.commit();
}

/// Reads what write_safetensors or another program has written. Throws FileError, which names the tensor, when the file
/// cannot be read, is not as long as it should be, or its header is at fault; it is checked before memory is asked for.
inline Tensors read_safetensors(const std::filesystem::path& path) {
  InputFile file("read_safetensors", path);
  const detail::SafetensorsHeader header(file);
  Tensors tensors;
  tensors.metadata = header.metadata();
  for (auto& entry : header.entries()) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(entry.end - entry.begin));
    file.read(bytes.data(), bytes.size());
    tensors.add(entry.name, Tensor{std::move(entry.type), std::move(entry.shape), std::move(bytes)});
  }
  return tensors;
}

}  // namespace scorefield
