/// Mpi: the processes of a program that mpirun or srun started, which share training and sampling. Needs an MPI
/// library.
#pragma once

// Old C++ bindings, which would have to be linked.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <mpi.h>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/detail/executable.hpp"

namespace scorefield {

/// Begins MPI and ends it. A program makes one, at the start of main, and hands it to what can be shared:
///   sf::Mpi mpi(argc, argv);
///   trainer.over(&mpi).fit(model, data, {.steps = 20'000});
/// The thread that made it makes all calls. What MPI cannot do is thrown as an Error. A rank that fails alone has to
/// end the others, which wait for it: an exception that leaves main does, one that passes the Mpi on its way to a
/// handler does by the destructor, before the handler could print it. So a program that prints its exceptions makes the
/// Mpi outside of the try block; and where not all ranks may end alike, main returns mpi.finish(status).
class Mpi : public Communicator {
 public:
  /// Joins MPI where something else has begun it, and then does not end it. Throws InvalidArgument where there is
  /// another Mpi or MPI has ended, and on every rank where not all run the same program, for its bits might be others:
  /// that is seen on Linux.
  Mpi(int& argc, char**& argv) {
    int begun = 0, ended = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    if (exists() || ended)
      throw InvalidArgument("Mpi", "the only one of a program", "another", "make one in main and pass it on");
    int threads = MPI_THREAD_FUNNELED;
    if (begun)
      MPI_Query_thread(&threads);
    else
      check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads), "MPI_Init_thread");
    begun_here_ = !begun;
    check(MPI_Comm_dup(MPI_COMM_WORLD, &ranks_), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    MPI_Comm_rank(ranks_, &rank_);
    MPI_Comm_size(ranks_, &size_);
    try {
      if (threads < MPI_THREAD_FUNNELED)
        throw InvalidArgument("Mpi", "an MPI in whose processes there may be threads", "one without",
                              "begin it by MPI_Init_thread");
      check_same_program();
    } catch (...) {
      end();
      throw;
    }
    exists() = true;
  }

  ~Mpi() override {
    if (size_ > 1 && std::uncaught_exceptions() > exceptions_) {
      std::fprintf(stderr, "Mpi: an exception on rank %d ends all ranks\n", rank_);
      finish(1);
    }
    end();
    exists() = false;
  }

  /// What main returns. A status other than 0 ends all ranks.
  int finish(int status) {
    if (status != 0 && size_ > 1) {
      std::fflush(nullptr);
      MPI_Abort(ranks_, status);
    }
    return status;
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void all_to_all(const std::byte* from, std::span<const Part> sent, std::byte* to,
                  std::span<const Part> received) override {
    for (int shift = 0; shift < size_; ++shift) {
      const int target = (rank_ + shift) % size_, source = (rank_ + size_ - shift) % size_;
      auto out = sent[at(target)], in = received[at(source)];
      while (out.count > 0 || in.count > 0) {
        const int give = message(out.count), take = message(in.count);
        check(MPI_Sendrecv(from + out.offset, give, MPI_BYTE, give > 0 ? target : MPI_PROC_NULL, 0, to + in.offset,
                           take, MPI_BYTE, take > 0 ? source : MPI_PROC_NULL, 0, ranks_, MPI_STATUS_IGNORE),
              "MPI_Sendrecv");
        out = {out.offset + static_cast<std::size_t>(give), out.count - static_cast<std::size_t>(give)};
        in = {in.offset + static_cast<std::size_t>(take), in.count - static_cast<std::size_t>(take)};
      }
    }
  }

  void all_gather(std::span<std::byte> all, std::span<const std::size_t> counts) override {
    if (all.size() > most) {  // MPI counts in int
      std::size_t offset = 0;
      for (int root = 0; root < size_; offset += counts[at(root)], ++root)
        broadcast(all.subspan(offset, counts[at(root)]), root);
      return;
    }
    lengths_.resize(at(size_));
    offsets_.resize(at(size_));
    for (int rank = 0, offset = 0; rank < size_; ++rank) {
      offsets_[at(rank)] = offset;
      offset += lengths_[at(rank)] = static_cast<int>(counts[at(rank)]);
    }
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), lengths_.data(), offsets_.data(), MPI_BYTE,
                         ranks_),
          "MPI_Allgatherv");
  }

  void broadcast(std::span<std::byte> bytes) override { broadcast(bytes, 0); }

 private:
  /// Bytes of a message at most.
  static constexpr std::size_t most = std::size_t{1} << 30;
  static_assert(most <= INT_MAX);

  static bool& exists() {
    static bool does = false;
    return does;
  }
  static std::size_t at(int rank) { return static_cast<std::size_t>(rank); }
  static int message(std::size_t left) { return static_cast<int>(std::min(left, most)); }

  static void check(int code, const char* call) {
    if (code == MPI_SUCCESS) return;
    char message[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, message, &length);
    throw Error("Mpi", text(call, " to succeed"), message, "another rank, or the way to it, failed");
  }

  void broadcast(std::span<std::byte> bytes, int root) {
    while (!bytes.empty()) {
      const int count = message(bytes.size());
      check(MPI_Bcast(bytes.data(), count, MPI_BYTE, root, ranks_), "MPI_Bcast");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  void check_same_program() {
    std::vector<std::uint64_t> programs(at(size_));
    programs[at(rank_)] = detail::executable_fingerprint();
    all_gather(std::as_writable_bytes(std::span(programs)),
               std::vector<std::size_t>(programs.size(), sizeof(std::uint64_t)));
    for (int rank = 1; rank < size_; ++rank)
      if (programs[at(rank)] != programs[0])
        throw InvalidArgument("Mpi", text("the program of rank 0, of fingerprint ", programs[0], ", on every rank"),
                              text("one of fingerprint ", programs[at(rank)], " on rank ", rank),
                              "start the same file on all of them");
  }

  void end() {
    MPI_Comm_free(&ranks_);
    if (begun_here_) MPI_Finalize();
  }

  int exceptions_ = std::uncaught_exceptions();
  bool begun_here_ = false;
  MPI_Comm ranks_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::vector<int> lengths_, offsets_;  // of all_gather
};

}  // namespace scorefield
