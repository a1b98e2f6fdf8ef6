/// A program on the processes that mpirun started, where it is built with MPI, and on one otherwise.
#pragma once

#include <cstddef>
#ifdef EXAMPLES_HAVE_MPI
#include <optional>
#include <scorefield/training/mpi.hpp>
#endif

#include <scorefield/core/parallel/communicator.hpp>

#include "program.hpp"

namespace examples {

/// Null where this process is alone; of the null pointer's own type where there can be no other.
#ifdef EXAMPLES_HAVE_MPI
using Ranks = scorefield::Communicator*;
#else
using Ranks = std::nullptr_t;
#endif

/// The exit status of a program: that of run(Ranks), as run_program has it. A rank that fails ends all of them; one
/// that was interrupted ends as they do.
template <class Run>
int run_processes(const char* name, [[maybe_unused]] int argc, [[maybe_unused]] char** argv, const Run& run) {
#ifdef EXAMPLES_HAVE_MPI
  std::optional<scorefield::Mpi> mpi;
  const int status = run_program(name, [&] {
    mpi.emplace(argc, argv);
    return run(Ranks{mpi->size() > 1 ? &*mpi : nullptr});
  });
  return mpi && status != interrupted_status ? mpi->finish(status) : status;
#else
  return run_program(name, [&] { return run(Ranks{}); });
#endif
}

}  // namespace examples
