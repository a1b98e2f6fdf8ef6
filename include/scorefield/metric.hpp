/// The umbrella of measures of samples: how far sets of them are apart, copies, and the calibration of posteriors.
#pragma once

#include "scorefield/metric/binomial_band.hpp"
#include "scorefield/metric/correlation.hpp"
#include "scorefield/metric/kolmogorov_smirnov.hpp"
#include "scorefield/metric/nearest_neighbour.hpp"
#include "scorefield/metric/rank_histogram.hpp"
