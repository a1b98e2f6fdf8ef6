/// Losses that models are trained by, with the times, weights, sources and couplings that they are means over.
#pragma once

#include "scorefield/objective/concept.hpp"
#include "scorefield/objective/coupling.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/objective/mean_loss.hpp"
#include "scorefield/objective/source.hpp"
#include "scorefield/objective/time.hpp"
#include "scorefield/objective/weighting.hpp"
