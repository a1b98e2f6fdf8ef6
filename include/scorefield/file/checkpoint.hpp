/// Checkpoint: keeps a training run in a file, from which it is resumed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/metadata.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/tensors.hpp"
#include "scorefield/file/training_state.hpp"
#include "scorefield/training/detail/run_settings.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

/// How far a run in a file is, and what it was kept with, by name.
struct KeptRun {
  Index step, steps;
  bool over;  // whether a callback stopped it for good
  std::map<std::string, std::string> settings;

  bool done() const { return over || step == steps; }
};

/// Among the callbacks of Trainer::fit it keeps the run; among those of Trainer::resume it brings it back and keeps it
/// further: parameters, their average, the optimizer's state, step, settings, and where other callbacks that can be
/// resumed stand. The file is whole at any moment, and is written before the first step, every so many steps, and when
/// the run is done or was stopped; a run that is not finite is not kept, so that the last one that was stays. Where
/// ranks share a run, each has the Checkpoint, rank 0 writes, and all read when it is resumed, by another number of
/// ranks if need be: from one file, on a disk that all see.
class Checkpoint {
 public:
  using KeepsRuns = void;

  /// every: steps, from 1 on. Throws InvalidArgument.
  explicit Checkpoint(std::filesystem::path path, Index every = 1000) : path_(std::move(path)), every_(every) {
    if (every < 1) throw InvalidArgument("Checkpoint", "a positive number of steps", text(every), "1000 is usual");
  }

  /// What is in the file. Throws FileError where it holds no run.
  KeptRun kept() const { return kept_in(read()); }

  /// Whether a run is in the file that was not done: resume() goes on with it, and fit() would refuse to. Throws like
  /// kept().
  bool waits() const { return exists() && !kept().done(); }

  /// Writes the file. Throws InvalidArgument where a run waits there that was not done, and FileError where there is
  /// another file, or none can be written.
  template <class Parts>
  void begin(const Parts& parts) const {
    if (parts.run.leads() && exists())
      if (const auto run = kept(); !run.done())
        throw InvalidArgument(
            "Checkpoint", "a path for a new run",
            text(path_.string(), ", where a run waits that was stopped after step ", run.step, " of ", run.steps),
            "resume() goes on with it; or remove the file, or take another path");
    keep(parts);
  }

  bool due(Index step) const { return step % every_ == 0; }

  template <class Parts>
  void keep(const Parts& parts) const {
    parts.run.check_finite();
    const auto state = parts.run.state();
    const auto finite = [](const auto& vector) { return vector.allFinite(); };
    if (!state.average.allFinite() || !std::ranges::all_of(state.optimizer, finite))
      throw NonFinite("Checkpoint", "a finite state of the optimizer and the average", "a NaN or an infinity",
                      "the run that was kept before can be resumed");
    if (parts.run.leads()) write(parts, state);
    of_first_rank(parts.run.communicator(), true);  // then the file is there, whichever rank looks for it
  }

  /// Brings back the run, and the callbacks, unless it is given none. Throws FileError where there is no run,
  /// InvalidArgument for other callbacks than it was kept with, and what TrainingRun::resume and the callbacks throw.
  template <class Parts>
  void restore(Parts& parts) const {
    using Scalar = typename std::remove_cvref_t<decltype(parts.model)>::Scalar;
    if (!exists()) throw FileError("Checkpoint", text("a run in ", path_.string()), "no file", "fit() starts one");
    const auto tensors = read();
    auto [step, steps, over, settings] = kept_in(tensors);
    const auto here = parts.run.settings();
    if (!parts.same_data) settings[detail::data_setting] = here.at(detail::data_setting);
    detail::check_settings(settings, here);  // first, for another network has other tensors
    auto state = read_training_state<Scalar>(tensors, parts.model.network().layout());
    state.settings = std::move(settings);
    parts.run.resume(state);
    parts.over = over;
    constexpr auto callbacks = std::tuple_size_v<decltype(parts.callbacks)>;
    if constexpr (callbacks > 0)
      if (parts.run.leads()) restore_callbacks(tensors, parts);  // who calls them
  }

 private:
  static constexpr const char* run_kind = "scorefield run";

  template <class Parts, class State>
  void write(const Parts& parts, const State& state) const {
    Tensors tensors;
    tensors.metadata["holds"] = run_kind;
    tensors.metadata["version"] = detail::version_text();
    add_training_state(tensors, parts.model.network().layout(), state);
    tensors.add("over", {}, Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Constant(1, parts.over ? 1 : 0));
    Index count = 0;
    for_each_resumable(parts,
                       [&](const auto& callback) { add_callback_state(tensors, std::to_string(count++), callback); });
    write_safetensors(path_, tensors);
  }

  Tensors read() const {
    auto tensors = read_safetensors(path_);
    if (const auto holds = detail::entry(tensors, "holds"); holds != run_kind)
      throw FileError("Checkpoint", text("a ", run_kind, " in ", path_.string()), text("a file that holds ", holds),
                      "take another path");
    return tensors;
  }

  KeptRun kept_in(const Tensors& tensors) const {
    try {
      const auto number = [&](const char* name) { return static_cast<Index>(tensors.get<std::int64_t>(name, {})(0)); };
      KeptRun run{number("step"), number("steps"), number("over") != 0, detail::settings_of(tensors)};
      if (run.step >= 0 && run.step <= run.steps) return run;
      throw InvalidArgument("steps", text("from 0 to ", run.steps), text(run.step), "take another file");
    } catch (const InvalidArgument& wrong) {
      throw FileError("Checkpoint", text("a whole run in ", path_.string()), wrong.what(), "the file was changed");
    }
  }

  /// Where it cannot be told, reading the file says why.
  bool exists() const {
    std::error_code error;
    return std::filesystem::exists(path_, error) || error;
  }

  template <class Parts>
  static void restore_callbacks(const Tensors& tensors, const Parts& parts) {
    Index count = 0, kept = 0;
    for_each_resumable(parts, [&](auto&) { ++count; });
    for (const auto& [name, tensor] : tensors.all()) kept += name.starts_with(detail::callback_prefix);
    if (count != kept)
      throw InvalidArgument("Checkpoint",
                            text("the ", kept, " callbacks that can be resumed and were kept with the run"),
                            text(count), "pass those of before, as EarlyStop and History, in the same order");
    count = 0;
    for_each_resumable(parts, [&](auto& callback) { read_callback_state(tensors, std::to_string(count++), callback); });
  }

  template <class Parts, class F>
  static void for_each_resumable(const Parts& parts, const F& f) {
    std::apply(
        [&](auto&... callbacks) {
          [[maybe_unused]] const auto call = [&](auto& callback) {
            if constexpr (ResumableCallback<std::remove_cvref_t<decltype(callback)>>) f(callback);
          };
          (call(callbacks), ...);
        },
        parts.callbacks);
  }

  std::filesystem::path path_;
  Index every_;
};

}  // namespace scorefield
