/// The umbrella of training: the loop, its options, its callbacks and averages.
#pragma once

#include "scorefield/training/callbacks.hpp"
#include "scorefield/training/held_out_stop.hpp"
#include "scorefield/training/interrupt.hpp"
#include "scorefield/training/minibatches.hpp"
#include "scorefield/training/post_hoc_average.hpp"
#include "scorefield/training/progress.hpp"
#include "scorefield/training/progress_bar.hpp"
#include "scorefield/training/trainer.hpp"
#include "scorefield/training/training_options.hpp"
#include "scorefield/training/training_run.hpp"
#include "scorefield/training/training_state.hpp"
