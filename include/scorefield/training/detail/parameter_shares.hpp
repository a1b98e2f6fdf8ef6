/// The parameters as they are shared out among ranks: what a step hands from rank to rank.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"
#include "scorefield/training/detail/reduce.hpp"

namespace scorefield::detail {

/// Each rank adds up the slots, and updates the parameters, of a share of its own: [borders[r], borders[r + 1]). All
/// sums are in the order of the slots and of the pieces, which is that of one process, so ranks never change a bit.
///
/// A step of a network of P parameters with S slots on R ranks sends, from each rank, in bytes:
///   the slots      (S / R) (P - P / R) sizeof(Scalar), and at most a piece more for each slot and other rank
///   parameters     (R - 1) (P / R) sizeof(Scalar)
///   losses         (R - 1) (batch / R) sizeof(Scalar)
///   squares        (R - 1) (P / R / parameter_piece_size) sizeof(double)
/// and rank 0 a word to each other rank. How a Communicator gathers may take less.
template <Real Scalar>
class ParameterShares {
 public:
  /// borders: size + 1 rising numbers from 0 to `parameters`. slots: those of a batch on all ranks.
  ParameterShares(Communicator& communicator, std::vector<Index> borders, Index slots)
      : communicator_(communicator), borders_(std::move(borders)), slots_(slots), summed_(summed(communicator.rank())) {
    const int size = communicator.size();
    received_.resize(slots * summed_.count);
    to_.resize(static_cast<std::size_t>(size));
    from_.resize(to_.size());
    for (int rank = 0; rank < size; ++rank) {
      share_bytes_.push_back(bytes(border(rank + 1) - border(rank)));
      square_bytes_.push_back(static_cast<std::size_t>(piece_from(border(rank + 1)) - piece_from(border(rank))) *
                              sizeof(double));
    }
  }

  /// Adds the slots of all ranks up in their order, where they are of this rank's share, in place of its first slot.
  /// Returns the square of the norm of the whole sum, as reduce() does.
  double reduce(GradientSlots<Scalar>& slots, int threads) {
    exchange(slots);
    const Index end = summed_.end(), first_piece = summed_.first / parameter_piece_size;
    const Index pieces = summed_.count == 0 ? 0 : (end - 1) / parameter_piece_size - first_piece + 1;
    parallel_for(pieces, threads, [&](Index i, int) {
      const Index piece = first_piece + i, begin = piece * parameter_piece_size;
      const Index first = std::max(begin, summed_.first), length = std::min(begin + parameter_piece_size, end) - first;
      Scalar* const sum = slots.partial.front().data() + first;
      const Scalar* const part = received_.data() + (first - summed_.first);
      std::copy_n(part, length, sum);
      for (Index slot = 1; slot < slots_; ++slot)
        transform(
            sum, length, [](const auto& a, const auto& b) { return add(a, b); }, sum, part + slot * summed_.count);
      // One that begins in the share of the rank before is counted there.
      if (first == begin)
        slots.squares[static_cast<std::size_t>(piece)] = static_cast<double>(sum_of_squares(sum, length));
    });
    communicator_.all_gather(std::as_writable_bytes(std::span(slots.squares)), square_bytes_);
    return std::accumulate(slots.squares.begin(), slots.squares.end(), 0.0);
  }

  /// Brings the shares of all ranks together in a vector of as many numbers as there are parameters.
  void gather(Vector<Scalar>& numbers) const {
    communicator_.all_gather(
        std::as_writable_bytes(std::span(numbers.data(), static_cast<std::size_t>(numbers.size()))), share_bytes_);
  }

 private:
  static std::size_t bytes(Index numbers) { return static_cast<std::size_t>(numbers) * sizeof(Scalar); }
  static Index piece_from(Index parameter) { return Chunks{parameter, parameter_piece_size}.pieces(); }

  Index border(int rank) const { return borders_[static_cast<std::size_t>(rank)]; }

  /// What a rank adds up: its share, and the rest of the last piece that begins in it, whose square it computes.
  Range summed(int rank) const {
    const Index first = border(rank), last = border(rank + 1);
    const bool begins = piece_from(first) < piece_from(last);
    const Index end = begins ? std::min(piece_from(last) * parameter_piece_size, borders_.back()) : last;
    return {first, end - first};
  }

  /// Slot by slot, so that each is sent from where it is.
  void exchange(const GradientSlots<Scalar>& slots) {
    const int size = communicator_.size();
    const Index most = rank_range(slots_, 0, size).count;
    for (Index i = 0; i < most; ++i) {
      const bool have = i < slots.count();
      for (int rank = 0; rank < size; ++rank) {
        const Range wanted = summed(rank), theirs = rank_range(slots_, rank, size);
        to_[static_cast<std::size_t>(rank)] = {bytes(wanted.first), have ? bytes(wanted.count) : 0};
        from_[static_cast<std::size_t>(rank)] = {bytes((theirs.first + i) * summed_.count),
                                                 i < theirs.count ? bytes(summed_.count) : 0};
      }
      const auto* const sent = slots.partial[static_cast<std::size_t>(have ? i : 0)].data();
      communicator_.all_to_all(reinterpret_cast<const std::byte*>(sent), to_,
                               reinterpret_cast<std::byte*>(received_.data()), from_);
    }
  }

  Communicator& communicator_;
  std::vector<Index> borders_;
  Index slots_;
  Range summed_;             // that this rank adds up
  Vector<Scalar> received_;  // of every slot
  std::vector<Communicator::Part> to_, from_;
  std::vector<std::size_t> share_bytes_, square_bytes_;  // of each rank
};

}  // namespace scorefield::detail
