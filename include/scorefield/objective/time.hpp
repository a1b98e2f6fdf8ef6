/// Distributions of the training time, as policies.
#pragma once

#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/power_law_time.hpp"
#include "scorefield/objective/time/stratified_time.hpp"
#include "scorefield/objective/time/uniform_time.hpp"
