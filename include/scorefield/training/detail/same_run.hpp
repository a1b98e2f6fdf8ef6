/// Whether all ranks are about to make the same run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/training/detail/run_settings.hpp"

namespace scorefield::detail {

/// The settings of each rank, in their order, on every rank.
inline std::vector<RunSettings> settings_of_ranks(Communicator& communicator, const RunSettings& settings) {
  std::string own;
  for (const auto& [name, value] : settings) (((own += name) += '\0') += value) += '\0';

  const auto rank = static_cast<std::size_t>(communicator.rank()), size = static_cast<std::size_t>(communicator.size());
  std::vector<std::uint64_t> lengths(size);
  lengths[rank] = own.size();
  communicator.all_gather(std::as_writable_bytes(std::span(lengths)),
                          std::vector<std::size_t>(size, sizeof(std::uint64_t)));
  std::string all;
  const std::vector<std::size_t> counts(lengths.begin(), lengths.end());
  for (std::size_t i = 0; i < size; ++i) all += i == rank ? own : std::string(counts[i], '\0');
  communicator.all_gather(std::as_writable_bytes(std::span(all)), counts);

  std::vector<RunSettings> of_ranks(size);
  auto at = all.cbegin();
  const auto word = [&] {
    const auto end = std::find(at, all.cend(), '\0');
    const std::string found(at, end);
    at = end + 1;
    return found;
  };
  for (std::size_t i = 0; i < size; ++i)
    for (const auto end = at + static_cast<std::ptrdiff_t>(counts[i]); at != end;) {
      const auto name = word();
      of_ranks[i][name] = word();
    }
  return of_ranks;
}

/// Throws InvalidArgument on every rank, which names the first rank with another setting than rank 0, the setting and
/// both values.
inline void check_same_run(Communicator& communicator, const RunSettings& settings) {
  const auto of_ranks = settings_of_ranks(communicator, settings);
  const auto& first = of_ranks.front();
  const auto value = [](const RunSettings& of, const std::string& name) {
    const auto found = of.find(name);
    return found == of.end() ? std::string("none") : found->second;
  };
  for (std::size_t rank = 1; rank < of_ranks.size(); ++rank)
    for (const auto* names : {&first, &of_ranks[rank]})
      for (const auto& [name, unused] : *names)
        if (const auto here = value(first, name), there = value(of_ranks[rank], name); here != there)
          throw InvalidArgument("TrainingRun", text(name, ' ', here, " on every rank, as on rank 0"),
                                text(there, " on rank ", rank),
                                "give all ranks the same options and data, and let them read the same files");
}

}  // namespace scorefield::detail
