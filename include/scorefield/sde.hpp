/// Noise schedules and the equations they drive.
#pragma once

#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/cosine_schedule.hpp"
#include "scorefield/sde/edm_equation.hpp"
#include "scorefield/sde/half_log_snr.hpp"
#include "scorefield/sde/linear_schedule.hpp"
#include "scorefield/sde/noisy_batch.hpp"
#include "scorefield/sde/rectified_flow.hpp"
#include "scorefield/sde/shifted_schedule.hpp"
#include "scorefield/sde/sigmoid_schedule.hpp"
#include "scorefield/sde/slopes.hpp"
#include "scorefield/sde/sub_variance_preserving.hpp"
#include "scorefield/sde/variance_exploding.hpp"
#include "scorefield/sde/variance_preserving.hpp"
