/// Arrays, models and runs in files. Apart stands scorefield/file/safetensors.hpp, which needs nlohmann-json.
#pragma once

#include "scorefield/file/checkpoint.hpp"
#include "scorefield/file/model_file.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/file/tensors.hpp"
