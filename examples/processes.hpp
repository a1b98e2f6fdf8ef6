/// A program on the processes that mpirun started, where it is built with MPI, and on one otherwise.
#pragma once

#ifdef EXAMPLES_HAVE_MPI
#include <optional>
#include <scorefield/training/mpi.hpp>
#endif

#include <scorefield/core/parallel/communicator.hpp>

#include "program.hpp"

namespace examples {

/// The exit status of a program: that of run(communicator), as run_program has it. The communicator is null where this
/// process is alone. A rank that fails ends all of them; one that was interrupted ends as they do.
template <class Run>
int run_processes(const char* name, [[maybe_unused]] int argc, [[maybe_unused]] char** argv, const Run& run) {
#ifdef EXAMPLES_HAVE_MPI
  std::optional<scorefield::Mpi> mpi;
  const int status = run_program(name, [&] {
    mpi.emplace(argc, argv);
    return run(mpi->size() > 1 ? &*mpi : nullptr);
  });
  return mpi && status != interrupted_status ? mpi->finish(status) : status;
#else
  return run_program(name, [&] { return run(static_cast<scorefield::Communicator*>(nullptr)); });
#endif
}

}  // namespace examples
