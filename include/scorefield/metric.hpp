/// The umbrella of measures of samples: how far sets of them are apart, copies, and the calibration of posteriors.
#pragma once

#include "scorefield/metric/binomial_band.hpp"
#include "scorefield/metric/classifier_two_sample.hpp"
#include "scorefield/metric/correlation.hpp"
#include "scorefield/metric/energy_distance.hpp"
#include "scorefield/metric/expected_log_density.hpp"
#include "scorefield/metric/frechet_distance.hpp"
#include "scorefield/metric/kolmogorov_smirnov.hpp"
#include "scorefield/metric/maximum_mean_discrepancy.hpp"
#include "scorefield/metric/measured.hpp"
#include "scorefield/metric/nearest_neighbour.hpp"
#include "scorefield/metric/rank_histogram.hpp"
#include "scorefield/metric/wasserstein.hpp"
