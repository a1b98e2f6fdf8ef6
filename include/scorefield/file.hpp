/// Arrays, and models and runs as tensors. Apart stands what needs nlohmann-json: scorefield/file/safetensors.hpp, and
/// model.hpp, any_model.hpp, inspect.hpp and checkpoint.hpp, which include it.
#pragma once

#include "scorefield/file/embed.hpp"
#include "scorefield/file/mapped_dataset.hpp"
#include "scorefield/file/model_file.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/file/tensors.hpp"
#include "scorefield/file/training_state.hpp"
