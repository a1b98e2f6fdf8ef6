/// What the examples have in common to the outside: messages, the folder for results, the exit status.
#pragma once

#include <cstdio>
#include <exception>
#include <filesystem>
#include <scorefield/core/error.hpp>
#include <scorefield/core/file/atomic_file.hpp>
#include <scorefield/training/progress_bar.hpp>
#include <string>
#include <system_error>

#include "arguments.hpp"

namespace examples {

/// Of a program that an interrupt ended, as shells count an end by Ctrl-C.
inline constexpr int interrupted_status = 130;

/// A line on standard error, in place of what a progress bar has drawn there.
inline void say(const std::string& line) {
  std::fprintf(stderr, scorefield::stderr_is_terminal() ? "\r%s\x1b[K\n" : "%s\n", line.c_str());
}

/// Creates the folder, or says now rather than after the training that nothing can be written there.
inline void prepare_output(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw UsageError("--output " + folder.string() + ": " + error.message());
  try {
    scorefield::AtomicFile("--output", folder / "samples.npy");  // gone again without a commit
  } catch (const scorefield::FileError& unwritable) {
    throw UsageError(unwritable.what());
  }
}

/// A whole file, or none.
inline void write_text(const std::filesystem::path& path, const std::string& content) {
  scorefield::AtomicFile file("write_text", path);
  file.write(content.data(), content.size());
  file.commit();
}

/// The exit status of a program: what run() returns, 2 for what the user can mend, 1 for any other failure.
template <class Run>
int run_program(const char* name, const Run& run) {
  try {
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    const bool to_mend =
        dynamic_cast<const UsageError*>(&error) || dynamic_cast<const scorefield::InvalidArgument*>(&error);
    return to_mend ? 2 : 1;
  }
}

}  // namespace examples
