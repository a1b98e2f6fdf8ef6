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

/// Takes batches from a stream of epochs, each of which has every sample once, in an order of its own. A batch goes on
/// into the next epoch where one ends, and through many where there are fewer samples than it takes. With
/// `short_batches` every epoch is cut into batches of its own, the last of which may be shorter. The batches are a pure
/// function of the seed and the step, so steps may come in any order, and a resumed run meets the same batches.
class Minibatches {
 public:
  /// samples: in [1, 2^32]; batch_size: from 1 to 2^32, where, in short batches, more than `samples` means all of them.
  /// Throws InvalidArgument.
  Minibatches(Index samples, Index batch_size, Seed seed, bool short_batches = false)
      : epoch_batches_(checked(samples, batch_size, short_batches)),
        short_batches_(short_batches),
        random_(seed, "shuffle"),
        order_(static_cast<std::size_t>(samples)),
        batch_(short_batches ? 0 : static_cast<std::size_t>(batch_size)) {}

  Index samples() const { return epoch_batches_.count; }
  /// The length of every batch but perhaps the last, short one of an epoch.
  Index batch_size() const { return epoch_batches_.size; }
  /// The steps that so many epochs, at most most_epochs(), take: the last may go on into the next one.
  Index steps_of(Index epochs) const {
    if (short_batches_) return epochs * epoch_batches_.pieces();
    const std::int64_t all = std::int64_t{epochs} * samples(), size = batch_size();
    return static_cast<Index>(all / size + (all % size > 0));
  }
  /// The most steps that may be asked for: random numbers tell 2^48 of them apart, and as many epochs.
  Index most_steps() const { return short_batches_ ? most_steps_of_a_run : index(in_all(samples()) / batch_size()); }
  /// The most epochs, which take no more steps than that.
  Index most_epochs() const {
    return short_batches_ ? most_steps_of_a_run / epoch_batches_.pieces()
                          : index(std::min(in_all(samples()), in_all(batch_size())) / samples());
  }

  /// The epoch that the first sample of a step, counted from 0, belongs to; also counted from 0.
  Index epoch_of(Index step) const {
    return short_batches_ ? step / epoch_batches_.pieces() : static_cast<Index>(first_of(step) / samples());
  }
  Index batch_length(Index step) const {
    return short_batches_ ? epoch_batches_.length(step % epoch_batches_.pieces()) : batch_size();
  }

  /// The batch of a step in [0, most_steps()): batch_length(step) numbers in [0, samples()). Valid until the next call.
  /// The first call for an epoch shuffles all samples, the others take no time; none allocates.
  std::span<const Index> indices(Index step) {
    assert(step >= 0);
    if (short_batches_) {
      shuffle(epoch_of(step));
      return std::span<const Index>(order_).subspan(
          static_cast<std::size_t>(epoch_batches_.first(step % epoch_batches_.pieces())),
          static_cast<std::size_t>(batch_length(step)));
    }
    auto epoch = static_cast<Index>(first_of(step) / samples());
    auto next = order_.begin() + static_cast<std::ptrdiff_t>(first_of(step) % samples());
    for (auto to = batch_.begin(); to != batch_.end(); next = order_.begin()) {
      shuffle(epoch++);
      const auto count = std::min(order_.end() - next, batch_.end() - to);
      to = std::copy_n(next, count, to);
    }
    return batch_;
  }

 private:
  /// 2^48 times that many samples, or 2^62 where that is fewer.
  static std::int64_t in_all(Index each) { return most_samples * std::min<std::int64_t>(each, 1 << 14); }
  static Index index(std::int64_t count) {
    return static_cast<Index>(std::min<std::int64_t>(count, most_steps_of_a_run));
  }

  static Chunks checked(Index samples, Index batch_size, bool short_batches) {
    constexpr std::int64_t most = std::int64_t{1} << 32;
    if (const std::int64_t count = samples; count < 1 || count > most)
      throw InvalidArgument("Minibatches", "a number of samples from 1 to 2^32", text(samples),
                            "pass data to train on");
    if (batch_size < 1)
      throw InvalidArgument("Minibatches", "a batch size from 1 on", text(batch_size),
                            "pass the number of samples that a step looks at");
    if (short_batches) return {samples, std::min(samples, batch_size)};
    if (std::int64_t{batch_size} > most)
      throw InvalidArgument("Minibatches", "a batch size up to 2^32", text(batch_size), "usual are 64 to 4096");
    return {samples, batch_size};
  }

  /// Where in the stream a step begins.
  std::int64_t first_of(Index step) const { return std::int64_t{step} * batch_size(); }

  /// Shuffles all samples, unless it is done, from their own order on, as Fisher and Yates do, in the form of
  /// Durstenfeld 1964.
  void shuffle(Index epoch) {
    if (epoch == shuffled_epoch_) return;
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
  bool short_batches_;
  Random random_;
  std::vector<Index> order_;  // of the epoch that was shuffled last
  std::vector<Index> batch_;  // where it is no part of the order
  Index shuffled_epoch_ = -1;
};

}  // namespace scorefield
