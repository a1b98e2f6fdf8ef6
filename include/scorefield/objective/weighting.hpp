/// Weightings of the loss, as policies.
#pragma once

#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/objective/weighting/edm_weighting.hpp"
#include "scorefield/objective/weighting/flow_weighting.hpp"
#include "scorefield/objective/weighting/likelihood_weighting.hpp"
#include "scorefield/objective/weighting/min_snr_weighting.hpp"
#include "scorefield/objective/weighting/noise_weighting.hpp"
#include "scorefield/objective/weighting/velocity_weighting.hpp"
