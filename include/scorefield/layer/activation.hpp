/// Activation functions: policies of the layers that apply them to their outputs.
#pragma once

#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/log_sigmoid.hpp"
#include "scorefield/layer/activation/relu.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/activation/softplus.hpp"
#include "scorefield/layer/activation/tanh.hpp"
