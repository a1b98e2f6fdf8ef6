/// Measures of samples: rank histograms, which tell whether posteriors are calibrated.
#pragma once

#include "scorefield/metric/rank_histogram.hpp"
