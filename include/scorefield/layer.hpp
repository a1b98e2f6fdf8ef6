/// Layers, with hand-written gradients.
#pragma once

#include "scorefield/layer/activation.hpp"
#include "scorefield/layer/activation_layer.hpp"
#include "scorefield/layer/average_pool.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/depth_to_space.hpp"
#include "scorefield/layer/gaussian_fourier_embedding.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/image_shape.hpp"
#include "scorefield/layer/max_pool.hpp"
#include "scorefield/layer/self_attention.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"
#include "scorefield/layer/space_to_depth.hpp"
#include "scorefield/layer/upsample_nearest.hpp"
#include "scorefield/layer/zero_initialised.hpp"
