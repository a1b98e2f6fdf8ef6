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
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/core/file/input_file.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/byte_order.hpp"
#include "scorefield/file/detail/shape.hpp"
#include "scorefield/file/tensors.hpp"

namespace scorefield {
namespace detail {

/// What the header says of one tensor.
struct SafetensorsEntry {
  std::string name;
  std::string type;
  std::vector<Index> shape;
  Index begin, end;  // bytes, from the end of the header on
};

/// A value in the header. Unlike nlohmann::json, whose destructor takes memory, it can be destroyed when there is none.
struct JsonValue {
  enum class Kind { size, string, list, object, other };

  Kind kind = Kind::other;
  std::string text = {};               // of a string itself; of what is no list and no object as the file has it
  std::uint64_t size = 0;              // an integer from 0 on
  std::vector<JsonValue> items = {};   // of a list or an object
  std::vector<std::string> keys = {};  // of an object, one an item

  /// The item with this key, or null.
  const JsonValue* find(std::string_view key) const {
    const auto found = std::ranges::find(keys, key);
    return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
  }
};

/// A string as JSON writes it. Throws nlohmann's exception when it is not UTF-8.
inline std::string json_text(const std::string& string) { return nlohmann::json(string).dump(); }

inline std::string json_text(const JsonValue& value) {
  using enum JsonValue::Kind;
  if (value.kind == string) return json_text(value.text);
  if (value.kind != list && value.kind != object) return value.text;
  std::string inside;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) inside += ',';
    if (value.kind == object) inside += json_text(value.keys[i]) + ':';
    inside += json_text(value.items[i]);
  }
  return value.kind == list ? '[' + inside + ']' : '{' + inside + '}';
}

[[noreturn]] inline void fail_for_json(const InputFile& file, const std::string& name, const std::string& expected,
                                       const std::string& got) {
  file.fail(text(expected, " for \"", name, '"'), got.substr(0, 200), "the file was cut off, changed or badly written");
}

/// Makes a value of what nlohmann's parser meets, and refuses what no header has.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonReader(const InputFile& file) : file_(file) {}

  JsonValue take() { return std::move(root_); }

  bool null() override { return add({.text = "null"}); }
  bool boolean(bool value) override { return add({.text = value ? "true" : "false"}); }
  bool number_integer(number_integer_t value) override { return add({.text = scorefield::text(value)}); }
  bool number_unsigned(number_unsigned_t value) override {
    return add({.kind = JsonValue::Kind::size, .text = scorefield::text(value), .size = value});
  }
  bool number_float(number_float_t, const string_t& digits) override { return add({.text = digits}); }
  bool string(string_t& value) override { return add({.kind = JsonValue::Kind::string, .text = std::move(value)}); }
  bool binary(binary_t&) override { return false; }  // not in texts

  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!names_.back().insert(name).second) fail_for_json(file_, name, "one entry", "two");
    open_.back()->keys.push_back(std::move(name));
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    file_.fail("a header in JSON", error.what(), "the file was cut off, changed or badly written");
  }

 private:
  bool add(JsonValue value) {
    if (open_.empty())
      root_ = std::move(value);
    else
      open_.back()->items.push_back(std::move(value));
    return true;
  }

  bool open(JsonValue::Kind kind) {
    if (open_.size() >= 3)
      file_.fail("lists and objects in a header no deeper than three", "more", "it was badly written");
    add({.kind = kind});
    open_.push_back(open_.empty() ? &root_ : &open_.back()->items.back());
    names_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  const InputFile& file_;
  JsonValue root_;
  std::vector<JsonValue*> open_;              // the lists and objects around the place that is being parsed
  std::vector<std::set<std::string>> names_;  // the keys of each of them so far
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
    for (std::size_t i = 0; i < json_.items.size(); ++i)
      if (json_.keys[i] != "__metadata__") all.push_back(entry(json_.keys[i], json_.items[i]));
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
    const auto* found = json_.find("__metadata__");
    if (found == nullptr) return strings;
    if (found->kind != JsonValue::Kind::object) fail("__metadata__", "an object of strings", json_text(*found));
    for (std::size_t i = 0; i < found->items.size(); ++i) {
      const auto& [key, value] = std::tie(found->keys[i], found->items[i]);
      if (value.kind != JsonValue::Kind::string)
        fail("__metadata__", text("a string for \"", key, '"'), json_text(value));
      strings.emplace(key, value.text);
    }
    return strings;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& expected, const std::string& got) const {
    fail_for_json(file_, name, expected, got);
  }

  void parse(const std::string& source) {
    // The parser would take a zero for the end.
    if (!source.starts_with('{') || source.find('\0') != source.npos)
      file_.fail("a header in JSON", "something else", "it is no safetensors file");
    JsonReader reader(file_);
    nlohmann::json::sax_parse(source, &reader);
    json_ = reader.take();
  }

  SafetensorsEntry entry(const std::string& name, const JsonValue& about) const {
    const auto *type = about.find("dtype"), *shape = about.find("shape"), *offsets = about.find("data_offsets");
    if (about.keys.size() != 3 || type == nullptr || shape == nullptr || offsets == nullptr)
      fail(name, "dtype, shape and data_offsets alone", json_text(about));
    const auto size = type->kind == JsonValue::Kind::string ? static_cast<Index>(number_size(type->text)) : 0;
    if (size == 0) fail(name, "a dtype of whole bytes that is known", json_text(*type));
    auto sizes = read_sizes(name, *shape);
    const auto ends = read_sizes(name, *offsets);
    if (ends.size() != 2 || ends[0] > ends[1] || static_cast<std::uintmax_t>(ends[1]) > file_.left())
      fail(name, text("data_offsets [begin, end] of up to ", file_.left(), " bytes"), json_text(*offsets));
    const auto bytes = checked_product(sizes, size);
    if (!bytes || *bytes != ends[1] - ends[0])
      fail(name, text("as many bytes as ", type->text, ' ', shape_text(sizes), " takes"), text(ends[1] - ends[0]));
    return {name, type->text, std::move(sizes), ends[0], ends[1]};
  }

  std::vector<Index> read_sizes(const std::string& name, const JsonValue& list) const {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    std::vector<Index> all;
    if (list.kind != JsonValue::Kind::list) fail(name, "a list of sizes", json_text(list));
    for (const auto& item : list.items) {
      if (item.kind != JsonValue::Kind::size || item.size > most)
        fail(name, "sizes that are integers from 0 on", json_text(list));
      all.push_back(static_cast<Index>(item.size));
    }
    return all;
  }

  InputFile& file_;
  JsonValue json_;
};

using NamedTensor = std::reference_wrapper<const std::pair<const std::string, Tensor>>;

/// The header for tensors in the order of their numbers, its keys sorted. Throws nlohmann's exception when a string is
/// not UTF-8.
inline std::string safetensors_header(const std::vector<NamedTensor>& order,
                                      const std::map<std::string, std::string>& metadata) {
  const auto add = [](std::string& inside, const std::string& part) { inside += (inside.empty() ? "" : ",") + part; };
  std::map<std::string, std::string> entries;
  std::size_t end = 0;
  for (const auto& one : order) {
    const auto& [name, tensor] = one.get();
    const std::size_t begin = std::exchange(end, end + tensor.bytes.size());
    std::string shape;
    for (const Index size : tensor.shape) add(shape, text(size));
    entries[name] = text("{\"data_offsets\":[", begin, ',', end, "],\"dtype\":", json_text(tensor.type), ",\"shape\":[",
                         shape, "]}");
  }
  if (!metadata.empty()) {
    std::string strings;
    for (const auto& [key, value] : metadata) add(strings, json_text(key) + ':' + json_text(value));
    entries["__metadata__"] = '{' + strings + '}';
  }
  std::string header;
  for (const auto& [name, entry] : entries) add(header, json_text(name) + ':' + entry);
  return '{' + header + '}';
}

}  // namespace detail

/// Writes tensors and metadata as a safetensors file. Throws InvalidArgument when a name or metadata is not UTF-8;
/// FileError; and then leaves what was at `path`.
inline void write_safetensors(const std::filesystem::path& path, const Tensors& tensors) {
  // Wide numbers first, so that all stand at multiples of their size.
  std::vector<detail::NamedTensor> order(tensors.all().begin(), tensors.all().end());
  std::ranges::stable_sort(order, std::greater{},
                           [](const auto& one) { return detail::number_size(one.get().second.type); });
  std::string source;
  try {
    source = detail::safetensors_header(order, tensors.metadata);
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
