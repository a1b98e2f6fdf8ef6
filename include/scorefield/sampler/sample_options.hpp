/// Options of sampling: the first sample, threads and the condition.
#pragma once

#include <cstdint>

#include "scorefield/sde/condition.hpp"

namespace scorefield {

/// What is drawn: from where in the stream of a seed's samples on, on how many threads, and given what.
struct SampleOptions {
  std::int64_t first = 0;    // the number of the first sample
  int threads = 0;           // 0: all
  Condition condition = {};  // what the samples are given: k x 1, or k x count
};

}  // namespace scorefield
