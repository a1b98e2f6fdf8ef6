/// A file that changes under its readers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>

#include "support/folder.hpp"

namespace scorefield::test {

/// Runs f() while another thread puts files of the contents in turn at `path`, each whole, by renaming.
template <class F>
void while_replacing(const std::filesystem::path& path, const std::array<std::string, 2>& contents, F&& f) {
  put(path, contents[0]);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const auto beside = path.parent_path() / "beside";
    for (std::size_t i = 0; !done; ++i) {
      put(beside, contents[i % 2]);
      std::filesystem::rename(beside, path);
    }
  });
  struct End {
    std::atomic<bool>& done;
    std::thread& writer;
    ~End() {
      done = true;
      writer.join();
    }
  } const end{done, writer};  // also where f throws
  f();
}

}  // namespace scorefield::test
