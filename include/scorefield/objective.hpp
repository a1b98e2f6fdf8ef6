/// Losses.
#pragma once

#include "scorefield/objective/concept.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
