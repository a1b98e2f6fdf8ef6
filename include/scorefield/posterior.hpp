/// Posterior samplers: wrappers of a denoiser that know a measurement, a likelihood, or some of a sample's numbers.
#pragma once

#include "scorefield/posterior/dps.hpp"
#include "scorefield/posterior/known.hpp"
#include "scorefield/posterior/likelihood_guided.hpp"
#include "scorefield/posterior/linear_measurement.hpp"
#include "scorefield/posterior/linear_operator.hpp"
#include "scorefield/posterior/moment_matching.hpp"
#include "scorefield/posterior/pi_gdm.hpp"
