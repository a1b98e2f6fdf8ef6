/// The model of the example: known to the program that trains it and to the one that has it.
#pragma once

#include <scorefield/layer/activation/silu.hpp>
#include <scorefield/model/prediction/velocity_prediction.hpp>
#include <scorefield/model/score_model.hpp>
#include <scorefield/network/mlp.hpp>
#include <scorefield/sde/variance_preserving.hpp>

namespace sf = scorefield;

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::DynamicMlp<float, sf::SiLU>, sf::VelocityPrediction>;
