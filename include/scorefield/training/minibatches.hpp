/// Minibatches: which samples a training step looks at, shuffled anew each epoch.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Cuts every epoch into batches: an epoch visits each sample once, in an order of its own. The batches are a pure
/// function of the seed and the step, so steps may come in any order, and a resumed run meets the same batches.
class Minibatches {
 public:
  /// samples: in [1, 2^32]; batch_size: 1 or more, where more than `samples` means all of them. Throws InvalidArgument.
  Minibatches(Index samples, Index batch_size, Seed seed)
      : epoch_batches_(checked(samples, batch_size)),
        random_(seed, "shuffle"),
        order_(static_cast<std::size_t>(samples)) {}

  Index samples() const { return epoch_batches_.count; }
  /// The length of every batch but perhaps the last of an epoch.
  Index batch_size() const { return epoch_batches_.size; }
  Index steps_per_epoch() const { return epoch_batches_.pieces(); }

  /// The epoch that a step, counted from 0, belongs to; also counted from 0.
  Index epoch_of(Index step) const { return step / steps_per_epoch(); }
  Index batch_length(Index step) const { return epoch_batches_.length(step % steps_per_epoch()); }

  /// The batch of a step: batch_length(step) different numbers in [0, samples()). Valid until the next call. The first
  /// call for an epoch shuffles all samples, the others take no time; none allocates.
  std::span<const Index> indices(Index step) {
    assert(step >= 0);
    if (const Index epoch = epoch_of(step); epoch != shuffled_epoch_) shuffle(epoch);
    return std::span<const Index>(order_).subspan(
        static_cast<std::size_t>(epoch_batches_.first(step % steps_per_epoch())),
        static_cast<std::size_t>(batch_length(step)));
  }

 private:
  static Chunks checked(Index samples, Index batch_size) {
    if (const std::int64_t count = samples; count < 1 || count > std::int64_t{1} << 32)
      throw InvalidArgument("Minibatches", "a number of samples from 1 to 2^32", text(samples),
                            "pass data to train on");
    if (batch_size < 1)
      throw InvalidArgument("Minibatches", "a batch size from 1 on", text(batch_size),
                            "pass the number of samples that a step looks at");
    return {samples, std::min(samples, batch_size)};
  }

  /// Shuffles all samples from their own order on, as Fisher and Yates do, in the form of Durstenfeld 1964.
  void shuffle(Index epoch) {
    std::iota(order_.begin(), order_.end(), Index{0});
    // A block of bits has a word for each of four positions.
    for (Index block = (samples() - 1) / 4; block >= 0; --block) {
      const auto words = random_.bits(block, epoch);
      for (Index word = std::min<Index>(3, samples() - 1 - 4 * block); word >= 0; --word) {
        const auto position = static_cast<std::size_t>(4 * block + word);
        const auto other = words[static_cast<std::size_t>(word)] * static_cast<std::uint64_t>(position + 1) >> 32;
        std::swap(order_[position], order_[other]);
      }
    }
    shuffled_epoch_ = epoch;
  }

  Chunks epoch_batches_;
  Random random_;
  std::vector<Index> order_;
  Index shuffled_epoch_ = -1;
};

}  // namespace scorefield
