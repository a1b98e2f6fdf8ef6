/// Distributions of the training time, as policies.
#pragma once

#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/level_time.hpp"
#include "scorefield/objective/time/likelihood_time.hpp"
#include "scorefield/objective/time/log_normal_sigma.hpp"
#include "scorefield/objective/time/logit_normal_time.hpp"
#include "scorefield/objective/time/power_law_time.hpp"
#include "scorefield/objective/time/stratified_time.hpp"
#include "scorefield/objective/time/uniform_time.hpp"
