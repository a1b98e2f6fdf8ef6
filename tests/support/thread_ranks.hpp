/// Ranks that are threads of one program, so that what ranks do is tested without MPI.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <exception>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "scorefield/core/parallel/communicator.hpp"

namespace scorefield::test {

/// Where the ranks meet. A rank that fails alone ends the waiting of the others.
class ThreadRanks {
 public:
  explicit ThreadRanks(int size)
      : published_(static_cast<std::size_t>(size)), parts_(published_.size()), sent_(published_.size()) {}

  int size() const { return static_cast<int>(published_.size()); }

  /// The bytes that a rank has sent to others.
  std::size_t sent(int rank) const { return sent_[static_cast<std::size_t>(rank)]; }

  void fail() {
    const std::scoped_lock lock(mutex_);
    failed_ = true;
    all_came_.notify_all();
  }

 private:
  friend class ThreadRank;

  void meet() {
    std::unique_lock lock(mutex_);
    const auto meeting = meeting_;
    if (++came_ == size()) {
      came_ = 0;
      ++meeting_;
      all_came_.notify_all();
      return;
    }
    const bool in_time =
        all_came_.wait_for(lock, std::chrono::seconds(100), [&] { return meeting_ != meeting || failed_; });
    if (meeting_ == meeting) throw std::runtime_error(in_time ? "another rank failed" : "another rank does not come");
  }

  std::mutex mutex_;
  std::condition_variable all_came_;
  int came_ = 0;
  std::size_t meeting_ = 0;
  bool failed_ = false;
  std::vector<const std::byte*> published_;  // a buffer of each rank
  std::vector<std::span<const Communicator::Part>> parts_;
  std::vector<std::size_t> sent_;
};

class ThreadRank : public Communicator {
 public:
  ThreadRank(ThreadRanks& ranks, int rank) : ranks_(ranks), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return ranks_.size(); }

  void all_to_all(const std::byte* from, std::span<const Part> sent, std::byte* to,
                  std::span<const Part> received) override {
    for (int other = 0; other < size(); ++other)
      if (other != rank_) ranks_.sent_[at(rank_)] += sent[at(other)].count;
    ranks_.published_[at(rank_)] = from;
    ranks_.parts_[at(rank_)] = sent;
    ranks_.meet();
    for (int other = 0; other < size(); ++other) {
      const auto& part = ranks_.parts_[at(other)][at(rank_)];
      if (part.count != received[at(other)].count) throw std::runtime_error("a part of another length is expected");
      if (part.count > 0)
        std::memcpy(to + received[at(other)].offset, ranks_.published_[at(other)] + part.offset, part.count);
    }
    ranks_.meet();
  }

  void all_gather(std::span<std::byte> all, std::span<const std::size_t> counts) override {
    ranks_.sent_[at(rank_)] += counts[at(rank_)] * at(size() - 1);
    ranks_.published_[at(rank_)] = all.data();
    ranks_.meet();
    std::size_t offset = 0;
    for (int other = 0; other < size(); ++other) {
      if (other != rank_ && counts[at(other)] > 0)
        std::memcpy(all.data() + offset, ranks_.published_[at(other)] + offset, counts[at(other)]);
      offset += counts[at(other)];
    }
    if (offset != all.size()) throw std::runtime_error("the parts are not the whole");
    ranks_.meet();
  }

  void broadcast(std::span<std::byte> bytes) override {
    if (rank_ == 0) ranks_.sent_[0] += bytes.size() * at(size() - 1);
    ranks_.published_[at(rank_)] = bytes.data();
    ranks_.meet();
    if (rank_ != 0) std::memcpy(bytes.data(), ranks_.published_[0], bytes.size());
    ranks_.meet();
  }

 private:
  static std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

  ThreadRanks& ranks_;
  int rank_;
};

/// Calls f(communicator) on each of `ranks`. Returns what each threw, "" where it returned.
template <class F>
std::vector<std::string> on_ranks(ThreadRanks& ranks, const F& f) {
  std::vector<std::string> thrown(static_cast<std::size_t>(ranks.size()));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks.size(); ++rank)
    threads.emplace_back([&, rank] {
      try {
        ThreadRank communicator(ranks, rank);
        f(communicator);
      } catch (const std::exception& error) {
        thrown[static_cast<std::size_t>(rank)] = error.what();
        ranks.fail();
      }
    });
  for (auto& thread : threads) thread.join();
  return thrown;
}

template <class F>
std::vector<std::string> on_ranks(int size, const F& f) {
  ThreadRanks ranks(size);
  return on_ranks(ranks, f);
}

}  // namespace scorefield::test
