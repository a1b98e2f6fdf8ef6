/// Layers, with hand-written gradients.
#pragma once

#include "scorefield/layer/activation.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/convolution.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/image_shape.hpp"
#include "scorefield/layer/transposed_convolution.hpp"
