/// What the network of a model predicts, as policies.
#pragma once

#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/model/prediction/data_prediction.hpp"
#include "scorefield/model/prediction/edm_preconditioning.hpp"
#include "scorefield/model/prediction/flow_velocity_prediction.hpp"
#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/model/prediction/noise_prediction.hpp"
#include "scorefield/model/prediction/score_prediction.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
