/// Processes that share work, called ranks as in MPI: what they tell each other, and how they divide a range.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Consecutive numbers, from `first` on.
struct Range {
  Index first, count;

  Index end() const { return first + count; }
};

/// The part of [0, n) that rank `rank` of `size` takes. Parts follow each other in the order of the ranks, differ by at
/// most 1 in length, and rank 0 has one of the longest.
inline Range rank_range(Index n, int rank, int size) {
  const auto begin = [&](std::int64_t of) { return static_cast<Index>((of * n + size - 1) / size); };
  return {begin(rank), begin(rank + 1) - begin(rank)};
}

/// A group of processes. Each of them calls the same functions in the same order, and each function returns when this
/// rank has its results. A process that fails alone leaves the others waiting until whoever implements this ends them:
/// what it throws is not to be caught and passed over. Mpi in training/mpi.hpp is one; nothing else here knows of MPI.
/// Functions throw where a message cannot be passed on.
class Communicator {
 public:
  /// Consecutive bytes of a buffer, `offset` bytes from its begin.
  struct Part {
    std::size_t offset, count;
  };

  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  /// From 0 to size() - 1.
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Sends to each rank r the part sent[r] of a buffer, and takes from it the part received[r] of another. What r sends
  /// to q is as long as what q takes from r. Parts that are sent may overlap, parts that are received may not.
  virtual void all_to_all(const std::byte* from, std::span<const Part> sent, std::byte* to,
                          std::span<const Part> received) = 0;

  /// `all` has a part of counts[r] bytes for each rank r, in their order. Each rank gives its own, in its place, and
  /// has all of them afterwards.
  virtual void all_gather(std::span<std::byte> all, std::span<const std::size_t> counts) = 0;

  /// Every rank has the bytes of rank 0 afterwards.
  virtual void broadcast(std::span<std::byte> bytes) = 0;
};

/// The type of a pointer to the ranks that may share some work: null where this process is alone, or the null pointer's
/// own type, for which nothing of theirs is compiled.
template <class T>
concept CommunicatorPointer = std::same_as<T, Communicator*> || std::same_as<T, std::nullptr_t>;

/// Whether there may be ranks where such a pointer is.
template <CommunicatorPointer Group>
inline constexpr bool may_share = std::same_as<Group, Communicator*>;

/// The part of [0, n) that this process takes; all of it without a communicator.
inline Range own_range(const Communicator* communicator, Index n) {
  return communicator ? rank_range(n, communicator->rank(), communicator->size()) : Range{0, n};
}

/// Whether it is for this process to write files and to tell what is done: rank 0, or one without a communicator.
inline bool is_first_rank(const Communicator* communicator) { return !communicator || communicator->rank() == 0; }

/// Returns when every rank has called it; at once without a communicator.
inline void wait_for_all(Communicator* communicator) {
  if (!communicator) return;
  const auto size = static_cast<std::size_t>(communicator->size());
  std::vector<std::byte> here(size);
  communicator->all_gather(here, std::vector<std::size_t>(size, 1));
}

/// The value of rank 0, on every rank, which waits for it; rank 0 waits for none. Without a communicator it is the
/// value itself.
template <class T>
requires std::is_trivially_copyable_v<T> T of_first_rank(Communicator* communicator, T value) {
  if (communicator) communicator->broadcast(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

/// The same of a vector, whose size need not be known on the other ranks:
///   model.set_parameters(of_first_rank(&mpi, mpi.rank() == 0 ? best.parameters() : Vector<float>()));
template <Real Scalar>
Vector<Scalar> of_first_rank(Communicator* communicator, Vector<Scalar> numbers) {
  numbers.conservativeResize(of_first_rank(communicator, numbers.size()));
  if (communicator)
    communicator->broadcast(
        std::as_writable_bytes(std::span(numbers.data(), static_cast<std::size_t>(numbers.size()))));
  return numbers;
}

namespace detail {

/// Columns, or numbers, of all ranks in their order. Each has its part of n.
template <class Result>
Result gathered_parts(Communicator& communicator, Index n, const Result& part) {
  constexpr bool vector = std::is_same_v<Result, Vector<typename Result::Scalar>>;
  const Range own = own_range(&communicator, n);
  const Index rows = vector ? Index{1} : of_first_rank(&communicator, part.rows());
  if (own.count > 0 && part.size() != rows * own.count)
    throw InvalidArgument("gathered", text(rows, " rows, as on rank 0, and ", own.count, " columns"),
                          text(part.rows(), " x ", part.cols()), "return a column for each number that f is asked for");
  Result all;
  if constexpr (vector)
    all.resize(n);
  else
    all.resize(rows, n);
  const auto bytes = [&](Index count) {
    return static_cast<std::size_t>(rows * count) * sizeof(typename Result::Scalar);
  };
  if (own.count > 0)
    VectorView<typename Result::Scalar>(all.data() + rows * own.first, rows * own.count) = part.reshaped();
  std::vector<std::size_t> counts;
  for (int rank = 0; rank < communicator.size(); ++rank)
    counts.push_back(bytes(rank_range(n, rank, communicator.size()).count));
  communicator.all_gather(std::as_writable_bytes(std::span(all.data(), static_cast<std::size_t>(all.size()))), counts);
  return all;
}

}  // namespace detail

/// What f(first, count) gives for [0, n), on every rank: each calls it for a part of its own. f gives a d x count
/// matrix or a vector of `count` numbers, of which each column or number is a function of its place alone, so that
/// order and bits are those of f(0, n):
///   gathered(&mpi, 10'000, [&](Index first, Index count) {
///     return sample(model, sampler, count, Seed{1}, {.first = first});
///   });
/// Without a communicator it is f(0, n). Throws InvalidArgument, on the rank that meets it, for another number of
/// columns, or of rows than rank 0 has.
template <class F>
auto gathered(Communicator* communicator, Index n, const F& f) {
  using Result = std::remove_cvref_t<decltype(f(Index{}, Index{}))>;
  using Number = typename Result::Scalar;
  static_assert(std::is_same_v<Result, Vector<Number>> || std::is_same_v<Result, Matrix<Number>>,
                "gathered: the function returns a Matrix or a Vector of its own, not a part of one or an expression");
  const Range own = own_range(communicator, n);
  const bool alone = !communicator || n == 0;
  Result part;
  if (alone || own.count > 0) part = f(own.first, own.count);
  return alone ? part : detail::gathered_parts(*communicator, n, part);
}

}  // namespace scorefield
